/** Titles in the public domain, in editions that do not exist, with descriptions of our own. In Spanish, as users read it. */
export interface DemoBook {
  category: string;
  title: string;
  authors: string;
  publisher: string;
  year: number;
  pages: number;
  binding: 'paperback' | 'hardback' | 'pocket';
  /** In minor units of any currency. */
  price: number;
  quantity: number;
  /** In grams. */
  weight: number;
  description: string;
}

type Edition = [
  title: string,
  authors: string,
  publisher: string,
  year: number,
  pages: number,
  binding: DemoBook['binding'],
  price: number,
  quantity: number,
  weight: number,
  description: string,
];

const EDITIONS: Record<string, Edition[]> = {
  Novela: [
    [
      'Don Quijote de la Mancha', 'Miguel de Cervantes', 'Ediciones del Puente', 2022, 1184,
      'hardback', 3490, 18, 1320,
      'Un lector que ha perdido el juicio sale a los caminos a deshacer agravios, con un vecino práctico por escudero. Las dos partes completas, con notas al pie que no estorban y un mapa de sus viajes.',
    ],
    [
      'La Regenta', 'Leopoldo Alas «Clarín»', 'Ventana Norte', 2021, 928,
      'paperback', 2450, 7, 890,
      'En una ciudad donde todos miran, Ana Ozores busca algo que dé sentido a sus días entre un confesor y un seductor. Una de las grandes novelas del siglo XIX, con una cronología de sus personajes.',
    ],
    [
      'Fortunata y Jacinta', 'Benito Pérez Galdós', 'Ventana Norte', 2020, 1056,
      'hardback', 2990, 4, 1180,
      'Dos mujeres, un mismo hombre y todo Madrid alrededor: tiendas, cafés, conventos y tertulias. Galdós escucha a cada quien con su propia voz.',
    ],
    [
      'Marianela', 'Benito Pérez Galdós', 'Colibrí de Bolsillo', 2023, 224,
      'pocket', 890, 32, 180,
      'Nela guía por las minas a un muchacho ciego que la imagina hermosa. Todo cambia el día en que un médico promete devolverle la vista.',
    ],
    [
      'Misericordia', 'Benito Pérez Galdós', 'Colibrí de Bolsillo', 2019, 336,
      'pocket', 990, 0, 240,
      'Una criada pide limosna a escondidas para mantener a su señora, e inventa un benefactor que un día llama a la puerta.',
    ],
    [
      'María', 'Jorge Isaacs', 'Editorial Aguacero', 2022, 368,
      'paperback', 1450, 23, 390,
      'El amor de Efraín y María en una hacienda del valle del Cauca, contado por quien volvió demasiado tarde. Edición con glosario de plantas y costumbres.',
    ],
    [
      'Cumandá', 'Juan León Mera', 'Editorial Aguacero', 2021, 288,
      'paperback', 1290, 12, 310,
      'En la selva del oriente ecuatoriano, un joven y una muchacha que no saben quiénes son se encuentran a orillas del río Palora.',
    ],
    [
      'A la costa', 'Luis A. Martínez', 'Editorial Aguacero', 2020, 304,
      'paperback', 1350, 1, 330,
      'Una familia de la sierra se arruina y el hijo baja a trabajar al litoral, en un Ecuador que cambia de golpe. La primera novela realista del país.',
    ],
    [
      'Los pazos de Ulloa', 'Emilia Pardo Bazán', 'Ediciones del Puente', 2023, 352,
      'paperback', 1690, 15, 400,
      'Un capellán tímido llega a una casa señorial de Galicia que se cae a pedazos, donde manda quien no debería. Una novela sobre el poder y la ruina.',
    ],
    [
      'Pepita Jiménez', 'Juan Valera', 'Colibrí de Bolsillo', 2018, 240,
      'pocket', 850, 9, 190,
      'Las cartas de un seminarista que, poco antes de ordenarse, conoce a la joven viuda con quien piensa casarse su padre.',
    ],
    [
      'Niebla', 'Miguel de Unamuno', 'Colibrí de Bolsillo', 2022, 272,
      'pocket', 950, 41, 210,
      'Augusto Pérez descubre que es un personaje y va a Salamanca a pedirle cuentas a su autor. Unamuno la llamó nivola, por si acaso.',
    ],
    [
      'El Lazarillo de Tormes', 'Anónimo', 'Colibrí de Bolsillo', 2023, 160,
      'pocket', 750, 60, 130,
      'Un niño cuenta cómo sobrevivió a un ciego, un clérigo y un hidalgo muertos de hambre. Quinientos años después sigue haciendo reír, y sigue doliendo.',
    ],
    [
      'Martín Rivas', 'Alberto Blest Gana', 'Ediciones del Puente', 2019, 480,
      'paperback', 1590, 6, 520,
      'Un joven de provincia llega a una casa rica de Santiago con una carta de recomendación y sin un peso. Amor, clase y política en el Chile de 1850.',
    ],
    [
      'Aves sin nido', 'Clorinda Matto de Turner', 'Editorial Aguacero', 2022, 256,
      'paperback', 1390, 3, 280,
      'Una pareja de Lima se enfrenta a los abusos de las autoridades de un pueblo andino. La novela que abrió un camino en las letras del Perú.',
    ],
  ],
  Cuentos: [
    [
      'Cuentos de amor de locura y de muerte', 'Horacio Quiroga', 'Ventana Norte', 2023, 232,
      'paperback', 1390, 27, 260,
      'El monte, la fiebre y el almohadón de plumas. Quince relatos que enseñaron a contar el miedo en español, sin una palabra de más.',
    ],
    [
      'Leyendas', 'Gustavo Adolfo Bécquer', 'Colibrí de Bolsillo', 2021, 288,
      'pocket', 890, 19, 220,
      'Monjas, órganos que tocan solos y ojos verdes en el fondo de una fuente. Las leyendas completas, para leer con poca luz.',
    ],
    [
      'Cuentos', 'Edgar Allan Poe', 'Ediciones del Puente', 2020, 512,
      'hardback', 2290, 8, 640,
      'El gato, el corazón, el cuervo que no está y el detective que lo ve todo. Treinta relatos en una traducción nueva, hecha para leerse en voz alta.',
    ],
    [
      'Las mil y una noches. Selección', 'Anónimo', 'Ventana Norte', 2018, 640,
      'hardback', 2690, 5, 820,
      'Sheherezade cuenta para vivir una noche más. Los relatos más conocidos y algunos que casi nadie recuerda, con los cortes donde ella los hacía.',
    ],
    [
      'La dama del perrito y otros cuentos', 'Antón Chéjov', 'Ventana Norte', 2022, 320,
      'paperback', 1490, 14, 340,
      'Veraneantes, médicos de pueblo y cocheros que necesitan contar su pena. Chéjov mira sin juzgar, y uno ya no olvida a nadie.',
    ],
    [
      'Bola de sebo y otros relatos', 'Guy de Maupassant', 'Colibrí de Bolsillo', 2019, 256,
      'pocket', 890, 0, 200,
      'Diez viajeros respetables huyen en una diligencia, y solo una de ellos lleva comida. Con otros doce relatos de mar, guerra y provincia.',
    ],
  ],
  Poesía: [
    [
      'Azul…', 'Rubén Darío', 'Editorial Aguacero', 2022, 192,
      'paperback', 1190, 22, 210,
      'El libro con el que la poesía en español cambió de música. Cuentos y poemas, con las notas que el propio Darío agregó después.',
    ],
    [
      'Rimas', 'Gustavo Adolfo Bécquer', 'Colibrí de Bolsillo', 2023, 144,
      'pocket', 690, 38, 110,
      'Volverán las oscuras golondrinas. Las rimas en el orden del manuscrito que Bécquer escribió de memoria cuando se perdió el primero.',
    ],
    [
      'Versos sencillos', 'José Martí', 'Editorial Aguacero', 2021, 128,
      'pocket', 690, 11, 100,
      'Un hombre sincero de donde crece la palma. Los cuarenta y seis poemas que Martí escribió en las montañas, con el prólogo suyo.',
    ],
    [
      'Poesía completa', 'Sor Juana Inés de la Cruz', 'Ediciones del Puente', 2020, 720,
      'hardback', 3190, 2, 980,
      'Sonetos, redondillas, villancicos y el Primero sueño, la aventura de una inteligencia que quiso entenderlo todo en una sola noche.',
    ],
    [
      'Campos de Castilla', 'Antonio Machado', 'Ventana Norte', 2022, 176,
      'paperback', 1250, 17, 190,
      'Caminos, encinas, un olmo viejo y Soria al fondo. Machado mira un paisaje hasta que el paisaje se pone a pensar.',
    ],
    [
      'Hojas de hierba. Antología', 'Walt Whitman', 'Ventana Norte', 2019, 304,
      'paperback', 1550, 6, 330,
      'Me celebro y me canto a mí mismo. Una antología en dos lenguas, con el verso inglés enfrente para quien quiera oírlo.',
    ],
  ],
  Teatro: [
    [
      'La vida es sueño', 'Pedro Calderón de la Barca', 'Colibrí de Bolsillo', 2022, 176,
      'pocket', 790, 29, 140,
      'Un príncipe encerrado desde que nació despierta un día en un palacio, y no sabe cuál de las dos cosas soñó.',
    ],
    [
      'Fuenteovejuna', 'Lope de Vega', 'Colibrí de Bolsillo', 2021, 168,
      'pocket', 790, 16, 140,
      '¿Quién mató al comendador? Un pueblo entero responde lo mismo. Con un cuadro de los versos y de sus compases.',
    ],
    [
      'Don Juan Tenorio', 'José Zorrilla', 'Colibrí de Bolsillo', 2020, 208,
      'pocket', 790, 5, 160,
      'Dos hombres apuestan cuál hará más daño en un año, y uno de ellos encuentra lo que no buscaba. El drama que se representa cada noviembre.',
    ],
    [
      'Hamlet', 'William Shakespeare', 'Ediciones del Puente', 2023, 264,
      'paperback', 1290, 21, 290,
      'Un fantasma pide venganza y un hijo pide pruebas. Traducción en prosa y verso, pensada para actores y para lectores con prisa.',
    ],
    [
      'Casa de muñecas', 'Henrik Ibsen', 'Ediciones del Puente', 2022, 152,
      'paperback', 1150, 10, 180,
      'Nora guarda un secreto por amor, y descubre lo que su casa piensa de ella. El portazo final se oyó en toda Europa.',
    ],
  ],
  'Infantil y juvenil': [
    [
      'Corazón. Diario de un niño', 'Edmondo De Amicis', 'Pájaro de Papel', 2023, 352,
      'hardback', 1690, 44, 520,
      'Un curso entero en una escuela de Turín, contado por un alumno que todavía cree que todo puede arreglarse. Con dibujos a lápiz en cada mes.',
    ],
    [
      'Cuentos de la selva', 'Horacio Quiroga', 'Pájaro de Papel', 2022, 144,
      'hardback', 1490, 35, 380,
      'Una tortuga gigante, unas medias de flamenco y un loro sin plumas. Ocho historias del monte para leer de a dos.',
    ],
    [
      'La edad de oro', 'José Martí', 'Pájaro de Papel', 2021, 256,
      'hardback', 1790, 4, 520,
      'La revista que Martí escribió él solo para los niños de América: cuentos, versos y cómo se hace una cuchara.',
    ],
    [
      'Alicia en el país de las maravillas', 'Lewis Carroll', 'Pájaro de Papel', 2023, 192,
      'hardback', 1890, 26, 460,
      'Una niña sigue a un conejo con reloj y llega a un lugar donde las palabras mandan. Con las ilustraciones de John Tenniel.',
    ],
    [
      'La isla del tesoro', 'Robert Louis Stevenson', 'Pájaro de Papel', 2020, 320,
      'paperback', 1390, 13, 350,
      'Un mapa, una goleta y un cocinero con una sola pierna en quien no se puede confiar. La novela de piratas que inventó a los piratas.',
    ],
    [
      'Las aventuras de Pinocho', 'Carlo Collodi', 'Pájaro de Papel', 2022, 240,
      'paperback', 1290, 0, 300,
      'Un trozo de madera que quiere ser niño y hace todo lo contrario de lo que le aconsejan. El texto completo, con grillo incluido.',
    ],
    [
      'Fábulas', 'Rafael Pombo', 'Pájaro de Papel', 2023, 96,
      'hardback', 1350, 31, 340,
      'El renacuajo paseador, la pobre viejecita y Simón el bobito: versos que en Colombia se saben de memoria, a todo color.',
    ],
  ],
  'Ensayo y viajes': [
    [
      'Ensayos. Selección', 'Michel de Montaigne', 'Ediciones del Puente', 2021, 560,
      'hardback', 2590, 9, 720,
      'Sobre la amistad, los libros, los caníbales y la costumbre de vestirse. Un hombre se estudia a sí mismo y resulta que habla de cualquiera.',
    ],
    [
      'Siete tratados. Antología', 'Juan Montalvo', 'Editorial Aguacero', 2020, 384,
      'paperback', 1750, 2, 430,
      'La prosa más afilada del Ecuador del siglo XIX, sobre la nobleza, la belleza y los héroes. Con un índice de sus enemigos.',
    ],
    [
      'Walden', 'Henry David Thoreau', 'Ventana Norte', 2022, 368,
      'paperback', 1650, 20, 400,
      'Dos años junto a una laguna, con las cuentas exactas de lo que costó la cabaña y lo que valió la mañana.',
    ],
    [
      'El origen de las especies', 'Charles Darwin', 'Ediciones del Puente', 2019, 672,
      'hardback', 2890, 5, 900,
      'Palomas, abejas y las islas Galápagos: un argumento largo, contado con paciencia y con todas sus dudas. Texto de la primera edición.',
    ],
    [
      'Naufragios', 'Álvar Núñez Cabeza de Vaca', 'Ventana Norte', 2021, 192,
      'paperback', 1290, 8, 220,
      'De seiscientos hombres volvieron cuatro, a pie, después de ocho años y medio continente. El relato de uno de ellos.',
    ],
  ],
};

/** A group that no agency has been given, so that no real book has such a number. */
const ISBN_PREFIX = '97899999';

export const DEMO_BOOKS: readonly (DemoBook & { code: string; isbn: string })[] = Object.entries(
  EDITIONS,
).flatMap(([category, editions]) =>
  editions.map(
    ([title, authors, publisher, year, pages, binding, price, quantity, weight, description]) => ({
      ...{ category, title, authors, publisher, year, pages, binding, price, quantity, weight, description },
    }),
  ),
).map((book, index) => ({
  ...book,
  code: `BIB-${String(index + 1).padStart(4, '0')}`,
  isbn: isbnOf(index + 1),
}));

/** ISBN Users' Manual: weighted 1 and 3 in turn, the digits add up to a multiple of ten. */
function isbnOf(number: number): string {
  const digits = `${ISBN_PREFIX}${String(number * 7).padStart(4, '0')}`;
  const sum = Array.from(digits).reduce((all, digit, place) => all + Number(digit) * (place % 2 === 0 ? 1 : 3), 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
}
