export interface Department {
  category: string;
  codePrefix: string;
  units: readonly string[];
  kinds: readonly string[];
  /** Fit any kind, so nothing that agrees in gender. */
  variants: readonly string[];
  presentations: readonly string[];
}

function department(
  category: string,
  codePrefix: string,
  units: string,
  [kinds, variants, presentations]: readonly [kinds: string, variants: string, presentations: string],
): Department {
  const list = (text: string) => text.split('|');
  return {
    category,
    codePrefix,
    units: list(units),
    kinds: list(kinds),
    variants: list(variants),
    presentations: list(presentations),
  };
}

/** Largest first. */
export const DEPARTMENTS: readonly Department[] = [
  department('Ferretería', 'FER', 'unidad|caja|bolsa', [
    'Tornillo|Tuerca|Arandela|Taco|Clavo|Alcayata|Bisagra|Escuadra|Candado|Cerradura|Pasador|Remache|Varilla roscada|Cáncamo|Mosquetón|Cadena|Cable de acero|Tirador|Pestillo|Muelle',
    'de acero|de acero inoxidable|galvanizado en caliente|de latón|para madera|para pladur|de cabeza plana|de cabeza hexagonal|con arandela|de rosca fina|de zinc|para hormigón',
    '3 x 20 mm|4 x 30 mm|5 x 40 mm|5 x 60 mm|6 x 80 mm|M6|M8|M10|M12|10 mm|12 mm',
  ]),
  department('Electricidad', 'ELC', 'unidad|metro|rollo', [
    'Interruptor|Conmutador|Enchufe|Magnetotérmico|Diferencial|Cuadro eléctrico|Caja de registro|Tubo corrugado|Manguera eléctrica|Cable unipolar|Regleta de conexión|Portalámparas|Detector de movimiento|Temporizador|Transformador|Pulsador',
    'de empotrar|de superficie|con toma de tierra|para carril DIN|libre de halógenos|con piloto|estanco IP65|de dos polos|de bajo consumo|con marco',
    '10 A|16 A|25 A|40 A|1,5 mm²|2,5 mm²|6 mm²|20 mm|25 mm|230 V',
  ]),
  department('Iluminación', 'ILU', 'unidad|metro|paquete', [
    'Bombilla LED|Tubo LED|Foco|Proyector|Downlight|Plafón|Tira LED|Aplique|Lámpara de techo|Farol|Guirnalda|Panel LED|Luz de emergencia|Reflector',
    'con luz cálida|con luz fría|regulable con mando|con sensor|para jardín|de bajo consumo|con rosca E27|con rosca E14|solar|de alta potencia',
    '5 W|7 W|10 W|15 W|20 W|30 W|50 W|100 W|3000 K|4000 K|6500 K',
  ]),
  department('Fontanería', 'FON', 'unidad|metro|juego', [
    'Grifo|Sifón|Latiguillo|Válvula|Llave de paso|Codo|Racor|Tubo de cobre|Tubo multicapa|Junta|Desagüe|Cisterna|Ducha|Flexo|Bomba de agua|Manguito',
    'de latón cromado|de PVC|para lavabo|para fregadero|con filtro|de esfera|antical|de presión|con palanca|termostático',
    '1/2"|3/4"|1"|15 mm|20 mm|32 mm|40 mm|1,5 m|50 cm',
  ]),
  department('Pinturas', 'PIN', 'bote|cubo|litro', [
    'Pintura plástica|Esmalte|Barniz|Imprimación|Lasur|Disolvente|Aguarrás|Rodillo|Brocha|Masilla|Espray|Tinte|Sellador|Revestimiento',
    'de interior|de exterior|al agua|sintético|con acabado mate|con acabado satinado|antihumedad|antioxidante|de secado rápido|para suelos',
    '375 ml|750 ml|1 l|4 l|10 l|15 l|20 l',
  ]),
  department('Herramientas', 'HER', 'unidad|juego|maletín', [
    'Martillo|Destornillador|Alicate|Llave inglesa|Llave Allen|Sierra|Serrucho|Taladro|Amoladora|Lijadora|Atornillador|Broca|Cincel|Nivel|Flexómetro|Cúter|Tenaza|Gato hidráulico|Espátula|Paleta',
    'con mango de goma|con mango de fibra|de acero forjado|profesional|de precisión|con batería|con maletín|aislante 1000 V|de carraca|antichispas',
    '18 V|12 V|500 W|750 W|250 g|300 g|500 g|6 mm|8 mm|10 mm|5 m',
  ]),
  department('Papelería', 'PAP', 'unidad|paquete|caja', [
    'Cuaderno|Carpeta|Archivador|Bolígrafo|Rotulador|Lápiz|Goma de borrar|Sacapuntas|Tijeras|Pegamento|Sobre|Folio|Cartulina|Grapadora|Grapa|Clip|Cinta correctora|Chincheta|Calendario|Bloc de notas',
    'con espiral|de tapa dura|con goma|de colores|con cuadrícula|de rayas|reciclado al 100 %|de punta fina|para zurdos|con ventana',
    'A4|A5|A3|80 hojas|120 hojas|500 hojas|paquete de 10|paquete de 25|caja de 100',
  ]),
  department('Limpieza', 'LIM', 'botella|unidad|bidón', [
    'Lejía|Limpiacristales|Fregasuelos|Desengrasante|Lavavajillas|Suavizante|Ambientador|Estropajo|Bayeta|Fregona|Escoba|Recogedor|Cubo|Bolsa de basura|Guante de látex|Papel higiénico|Jabón de manos',
    'con aroma a pino|con aroma a limón|concentrado|ecológico|sin perfume|para inodoro|multiusos|antibacterias|con microfibra|industrial',
    '500 ml|750 ml|1 l|2 l|5 l|10 l|paquete de 3|paquete de 12',
  ]),
  department('Alimentación seca', 'ASE', 'paquete|bolsa|caja', [
    'Lenteja|Garbanzo|Alubia|Macarrón|Espagueti|Fideo|Arroz largo|Cuscús|Quinoa|Azúcar|Sal marina|Harina de maíz|Galleta|Cereal|Pan rallado|Sémola|Avena',
    'de cultivo ecológico|sin gluten|integral|de la huerta|de Castilla|pardina|de grano fino|extra|con fibra|bajo en sal',
    '250 g|400 g|500 g|1 kg|2 kg|5 kg',
  ]),
  department('Conservas', 'CNS', 'lata|tarro|caja', [
    'Atún|Sardina|Mejillón|Berberecho|Anchoa|Pimiento del piquillo|Espárrago|Aceituna|Tomate triturado|Maíz dulce|Alcachofa|Champiñón|Melocotón|Piña|Navaja|Bonito del norte',
    'en aceite de oliva|al natural|en escabeche|con limón|sin hueso|en su jugo|en almíbar|de la ría|picante|con ajo',
    '80 g|111 g|120 g|250 g|400 g|850 g|pack de 3',
  ]),
  department('Bebidas', 'BEB', 'botella|lata|caja', [
    'Agua mineral|Zumo de naranja|Zumo de piña|Refresco de cola|Refresco de limón|Tónica|Cerveza|Sidra|Vino tinto|Vino blanco|Cava|Vermú|Horchata|Gaseosa|Infusión|Batido',
    'sin azúcar|con gas|sin alcohol|de crianza|de la casa|con pulpa|light|artesano|de Jerez|de La Rioja',
    '20 cl|33 cl|50 cl|75 cl|1 l|1,5 l|2 l|pack de 6|pack de 24',
  ]),
  department('Menaje', 'MEN', 'unidad|juego|docena', [
    'Plato llano|Plato hondo|Vaso|Copa|Taza|Tetera|Cazo|Cacerola|Olla a presión|Cuchara|Tenedor|Espumadera|Rallador|Colador|Tabla de cortar|Bandeja|Ensaladera|Jarra|Fiambrera|Termo',
    'de porcelana|de cristal|de acero inoxidable|de barro|de bambú|apto para inducción|con tapa|apilable|de melamina|con asa',
    '16 cm|20 cm|24 cm|28 cm|25 cl|50 cl|1 l|6 piezas|12 piezas',
  ]),
  department('Textil del hogar', 'TEX', 'unidad|juego|metro', [
    'Cortina|Visillo|Cojín|Colcha|Edredón|Funda nórdica|Almohada|Mantel|Servilleta|Paño de cocina|Albornoz|Alfombra|Felpudo|Estor|Nórdico',
    'de algodón|de lino|de poliéster|de terciopelo|con bordado|con relleno de fibra|a rayas|con flores|de tacto suave|antimanchas',
    '40 x 40 cm|50 x 50 cm|90 cm|105 cm|135 cm|150 cm|180 cm|140 x 240 cm',
  ]),
  department('Moda mujer', 'MUJ', 'unidad|par', [
    'Vestido|Blusa|Falda|Pantalón pitillo|Jersey|Chaqueta de punto|Abrigo|Camisón|Sujetador|Braga|Medias|Leggings|Cárdigan|Body|Top|Bañador|Pañuelo',
    'de algodón|con estampado|de manga larga|de manga corta|con encaje|de punto fino|de cuello alto|con botones|de fiesta|con lazo',
    'talla XS|talla S|talla M|talla L|talla XL|talla 36|talla 38|talla 40|talla 42',
  ]),
  department('Moda hombre', 'HOM', 'unidad|par', [
    'Camisa|Polo|Pantalón chino|Vaquero|Americana|Corbata|Cinturón|Calzoncillo|Pijama|Sudadera|Chaleco|Parka|Traje|Bermudas|Calcetín|Bata',
    'de algodón|de corte recto|de manga larga|de manga corta|con capucha|de pana|de lino|a cuadros|de rayas|con bolsillos',
    'talla S|talla M|talla L|talla XL|talla XXL|talla 40|talla 42|talla 44|talla 46',
  ]),
  department('Moda infantil', 'INF', 'unidad|par|conjunto', [
    'Pelele|Babero|Peto|Chándal|Leotardo|Gorrito|Manopla|Camiseta|Vestidito|Bañador|Disfraz|Mochila|Pijama|Chubasquero|Calcetín',
    'de algodón|con dinosaurios|con estrellas|con unicornios|de punto|con capucha|reversible|con purpurina|de felpa|antideslizante',
    '3 meses|6 meses|12 meses|2 años|4 años|6 años|8 años|10 años|12 años',
  ]),
  department('Calzado', 'CAL', 'par', [
    'Zapato|Bota|Botín|Sandalia|Zapatilla deportiva|Alpargata|Mocasín|Chancla|Zueco|Bailarina|Bota de agua|Bota de montaña|Zapato de seguridad',
    'de piel|de lona|con suela de goma|con cordones|con velcro|impermeable|con tacón|con plantilla de gel|de ante|con puntera de acero',
    'número 36|número 37|número 38|número 39|número 40|número 41|número 42|número 43|número 44',
  ]),
  department('Juguetes', 'JUG', 'unidad|caja', [
    'Puzle|Muñeca|Peluche|Coche teledirigido|Bloques de construcción|Tren de madera|Juego de mesa|Baraja|Pelota|Cometa|Patinete|Cocinita|Pizarra|Plastilina|Peonza|Marioneta|Robot',
    'de madera|con luces|con sonido|educativo|con pilas|de trapo|con mando|magnético|para exterior|de dinosaurios',
    '24 piezas|100 piezas|500 piezas|1000 piezas|3 años|5 años|8 años|30 cm|50 cm',
  ]),
  department('Informática', 'IFR', 'unidad|paquete', [
    'Portátil|Monitor|Teclado|Ratón|Disco SSD|Memoria RAM|Placa base|Tarjeta gráfica|Fuente de alimentación|Impresora|Cartucho de tinta|Tóner|Cámara web|Concentrador USB|Router|Conmutador de red|Cable de red|Adaptador HDMI',
    'inalámbrico por Bluetooth|USB-C|de alto rendimiento|con retroiluminación|para portátil|compatible con Mac|de bajo perfil|ultrafino|con disipador|para oficina',
    '8 GB|16 GB|32 GB|256 GB|512 GB|1 TB|2 TB|24"|27"|1 m|3 m|5 m',
  ]),
  department('Telefonía', 'TEL', 'unidad|paquete', [
    'Funda|Cristal templado|Cargador|Batería externa|Auricular|Soporte de coche|Cable Lightning|Cable USB-C|Palo selfi|Teléfono fijo|Altavoz|Reloj inteligente|Manos libres',
    'de silicona|con carga rápida|magnético|de cuero|a prueba de golpes|con cancelación de ruido|resistente al agua|plegable|con ventosa|de nailon',
    '5000 mAh|10000 mAh|20000 mAh|20 W|45 W|65 W|1 m|2 m|6,1"|6,7"',
  ]),
  department('Jardín', 'JAR', 'unidad|saco|rollo', [
    'Maceta|Sustrato|Abono|Manguera|Aspersor|Tijera de podar|Azada|Rastrillo|Carretilla|Cortacésped|Desbrozadora|Semilla de césped|Malla de sombreo|Macetero|Regadera|Sombrilla|Tumbona|Barbacoa|Leña',
    'de terracota|de plástico|universal|de liberación lenta|con ruedas|extensible|de resina|con boquilla|orgánico|para huerto urbano',
    '12 cm|20 cm|30 cm|5 l|20 l|50 l|10 m|15 m|25 m|1 kg',
  ]),
  department('Mascotas', 'MAS', 'unidad|saco|lata', [
    'Pienso|Arena para gato|Correa|Collar|Cama|Transportín|Rascador|Comedero|Snack|Hueso|Champú|Juguete|Acuario|Alpiste|Bebedero',
    'para perro adulto|para cachorro|para gato esterilizado|con pollo|con salmón|con cordero|antipulgas|sin cereales|de nailon|ultraabsorbente',
    '400 g|1 kg|3 kg|7 kg|12 kg|15 kg|talla S|talla M|talla L',
  ]),
  department('Perfumería', 'PER', 'frasco|unidad|estuche', [
    'Colonia|Perfume|Champú|Acondicionador|Gel de ducha|Crema hidratante|Protector solar|Desodorante|Laca|Espuma de afeitar|Pintalabios|Máscara de pestañas|Esmalte de uñas|Sérum|Mascarilla|Jabón',
    'con aloe vera|con aceite de argán|para piel sensible|para cabello seco|sin parabenos|con ácido hialurónico|de larga duración|unisex|con vitamina C|de almendras',
    '30 ml|50 ml|75 ml|100 ml|200 ml|400 ml|750 ml',
  ]),
  department('Parafarmacia', 'FAR', 'caja|unidad|frasco', [
    'Tirita|Venda|Gasa|Termómetro|Tensiómetro|Mascarilla FFP2|Gel hidroalcohólico|Suero fisiológico|Complemento de magnesio|Vitamina D|Colágeno|Rodillera|Muñequera|Cepillo de dientes|Hilo dental|Enjuague bucal',
    'para niños|sin alcohol|estéril|hipoalergénico|con menta|digital|de silicona|en comprimidos|en cápsulas|con aplicador',
    '10 unidades|20 unidades|30 cápsulas|60 comprimidos|100 ml|250 ml|500 ml|5 cm|10 cm',
  ]),
  department('Bebé', 'BEE', 'unidad|paquete|bote', [
    'Pañal|Toallita|Biberón|Chupete|Leche infantil|Potito|Trona|Cuna|Cochecito|Silla de coche|Bañera|Sonajero|Portabebés|Esterilizador|Mordedor',
    'de silicona|anticólico|para recién nacido|con asas|plegable|de algodón|sin perfume|con mosquitera|evolutivo|de látex',
    'talla 1|talla 2|talla 3|talla 4|0-6 meses|6-12 meses|24 unidades|72 unidades|800 g',
  ]),
  department('Automóvil', 'AUT', 'unidad|juego|bidón', [
    'Aceite de motor|Anticongelante|Filtro de aire|Filtro de aceite|Bujía|Pastilla de freno|Disco de freno|Limpiaparabrisas|Batería|Neumático|Funda de asiento|Alfombrilla|Triángulo|Lámpara H7|Correa de distribución|Amortiguador',
    'para diésel|para gasolina|sintético|delantero|trasero|de larga vida|universal|homologado|de cerámica|reforzado con kevlar',
    '5W30|10W40|1 l|5 l|205/55 R16|195/65 R15|12 V|60 Ah|70 Ah',
  ]),
  department('Ciclismo', 'CIC', 'unidad|par|juego', [
    'Bicicleta|Casco|Cubierta|Cámara de aire|Sillín|Pedal|Cadena|Piñón|Plato|Manillar|Bidón|Luz trasera|Candado en U|Culote|Maillot|Guante|Bomba de pie',
    'de carbono|de aluminio|para montaña|para carretera|con badana|tubeless|reflectante|plegable|con soporte|de 11 velocidades',
    '26"|27,5"|29"|700 x 25C|talla S|talla M|talla L|750 ml',
  ]),
  department('Camping', 'CAM', 'unidad|juego', [
    'Tienda de campaña|Saco de dormir|Esterilla|Hornillo|Linterna|Nevera portátil|Silla plegable|Mesa plegable|Mochila|Cantimplora|Navaja|Toldo|Hamaca|Brújula',
    'para dos personas|para cuatro personas|impermeable|ultraligero|con funda|de tres estaciones|con ventilación|recargable|de aluminio|compacto',
    '20 l|40 l|60 l|0 °C|-5 °C|1,5 kg|2 kg|3 m',
  ]),
  department('Libros infantiles', 'LIN', 'ejemplar', [
    'Cuento|Álbum ilustrado|Libro de pegatinas|Libro de colorear|Cuaderno de vacaciones|Libro con sonidos|Cómic|Abecedario|Libro de actividades|Fábula',
    'de piratas|de hadas|de animales|del espacio|en verso|para primeros lectores|de la granja|bilingüe|de monstruos|de la ñ',
    'tapa dura|tapa blanda|cartoné|3 años|5 años|7 años|9 años',
  ]),
  department('Muebles', 'MUE', 'unidad|juego', [
    'Silla|Mesa|Estantería|Armario|Cómoda|Sofá|Sillón|Cama|Cabecero|Mesita de noche|Escritorio|Zapatero|Taburete|Banco|Librería|Aparador|Perchero',
    'de roble|de pino|de haya|con cajones|tapizado en lino|con ruedas|extensible|de estilo nórdico|con patas metálicas|de ratán',
    '60 cm|80 cm|90 cm|120 cm|140 cm|160 cm|180 cm|200 cm',
  ]),
  department('Climatización', 'CLI', 'unidad', [
    'Ventilador|Radiador|Estufa|Aire acondicionado|Deshumidificador|Termostato|Calefactor|Emisor térmico|Humidificador|Extractor|Rejilla de ventilación',
    'de techo|de pie|portátil|con mando|de bajo consumo|con temporizador|de aceite|con wifi|de pared|silencioso',
    '500 W|1000 W|1500 W|2000 W|2200 frigorías|3000 frigorías|100 mm|125 mm',
  ]),
  department('Electrodomésticos', 'EDO', 'unidad', [
    'Lavadora|Lavavajillas|Frigorífico|Congelador|Horno|Microondas|Placa de inducción|Campana extractora|Batidora|Tostadora|Cafetera|Exprimidor|Freidora de aire|Plancha|Aspiradora|Robot de cocina|Hervidor',
    'de clase A|integrable|con vapor|con pantalla táctil|de libre instalación|con cápsulas|sin cable|con filtro HEPA|compacto|de acero inoxidable',
    '45 cm|60 cm|7 kg|8 kg|9 kg|20 l|25 l|800 W|1200 W',
  ]),
  department('Embalaje', 'EMB', 'unidad|rollo|paquete', [
    'Caja de cartón|Plástico de burbujas|Film estirable|Cinta de embalar|Precinto|Sobre acolchado|Bolsa de papel|Fleje|Cantonera|Etiqueta|Palé',
    'de doble canal|reciclado|con solapa|transparente|con impresión|antiestático|de alta resistencia|biodegradable|con asas|autoadhesivo',
    '20 x 15 x 10 cm|30 x 20 x 15 cm|40 x 30 x 30 cm|60 x 40 x 40 cm|50 m|66 m|100 m|50 unidades',
  ]),
  department('Protección laboral', 'EPI', 'unidad|par|caja', [
    'Guante de trabajo|Casco de obra|Gafas de seguridad|Tapones|Orejeras|Chaleco reflectante|Arnés|Mono de trabajo|Rodillera|Mascarilla|Bota de seguridad|Pantalla facial',
    'de nitrilo|anticorte|con ventilación|ignífugo|de alta visibilidad|desechable|con certificado EN 388|con barboquejo|antivaho|impermeable',
    'talla 7|talla 8|talla 9|talla 10|talla M|talla L|talla XL|caja de 100',
  ]),
  department('Instrumentos musicales', 'MUS', 'unidad|juego', [
    'Guitarra|Ukelele|Bandurria|Cajón flamenco|Violín|Flauta dulce|Armónica|Metrónomo|Cuerdas de guitarra|Atril|Afinador|Castañuelas',
    'de cedro|de estudio|para zurdos|con funda|de concierto|de iniciación|con pastilla|de nailon',
    '1/2|3/4|4/4|soprano|contralto|39"',
  ]),
  department('Bricolaje de piel', 'PIE', 'unidad|juego', [
    'Lezna|Hilo encerado|Sacabocados|Tinte para cuero|Retal de badana|Hebilla|Troquel',
    'para principiantes|de acero|con mango de haya|de colores',
    '1 mm|2 mm|25 m|100 ml',
  ]),
  department('Filatelia', 'FIL', 'unidad|sobre', [
    'Álbum de sellos|Charnela|Sobre primer día|Pinzas filatélicas|Catálogo de sellos',
    'de España|de Hispanoamérica|con estuche|numerado',
    'serie 1|serie 2|serie 3',
  ]),
  department('Apicultura', 'API', 'unidad', [
    'Colmena|Ahumador|Careta de apicultor|Extractor de miel|Cuadro con cera',
    'Layens|Langstroth|de acero inoxidable',
    '10 cuadros|12 cuadros',
  ]),
  department('Esgrima', 'ESG', 'unidad', [
    'Florete|Careta|Sable|Espada|Peto',
    'de iniciación|homologado',
    'talla 0|talla 5',
  ]),
  department('Heráldica', 'HEL', 'unidad', [
    'Escudo|Pergamino|Blasón',
    'de apellido Núñez|de apellido Peña',
    'A4|A3',
  ]),
];

/** For invented brands and series. */
export const SYLLABLES =
  'al|bar|be|ca|cor|dal|de|dor|du|el|fa|fer|ga|gor|gua|la|len|li|lo|lum|ma|men|mi|mo|mur|na|nor|ñe|ño|or|pa|per|pi|que|ra|ren|ri|ro|rru|sa|sel|si|sol|ta|ten|ti|tor|tru|va|vel|vi|vo|xa|ya|yun|za|zo|bri|cla|zen'.split(
    '|',
  );

export const COLOURS =
  'negro|blanco|gris|azul marino|rojo|verde oliva|beis|marrón|amarillo|rosa palo|azul celeste|naranja|burdeos|turquesa|violeta|crudo|mostaza|dorado|plateado|caqui|añil|fucsia|salmón|lavanda|champán|berenjena|grafito|cobrizo'.split(
    '|',
  );

const MATERIALS =
  'acero|algodón|plástico reciclado|madera de pino|aluminio|vidrio templado|cartón|goma|cerámica|cuero|bambú|poliéster|latón|silicona|lino|hierro fundido|nailon|corcho|titanio|fieltro|mimbre|esparto|pizarra|ébano|ámbar|nácar'.split(
    '|',
  );

const USES =
  'el hogar|uso profesional|la cocina|la oficina|el taller|el jardín|toda la familia|el colegio|viajes|regalo|exteriores|la playa|niños|hostelería|obras|el baño|el garaje|coleccionistas|peluquerías|talleres de cerámica|bodegas|cofradías|orquestas|apicultores'.split(
    '|',
  );

const QUALITIES =
  'resistente|ligero|de gran calidad|fácil de limpiar|muy duradero|práctico|cómodo|elegante|de bajo mantenimiento|ecológico|seguro|compacto|versátil|silencioso|de tacto suave|antideslizante|hecho a mano|reciclable|certificado|de diseño español|inoxidable|flexible|hermético|ergonómico|biodegradable|vintage|ignífugo|hipoalergénico|centelleante|multifunción'.split(
    '|',
  );

const NOTES =
  'Garantía de dos años|Envase reciclado|Fabricado en España|Lavable a 30 grados|No incluye pilas|Con instrucciones en español|Se entrega montado|Mantener fuera del alcance de los niños|Conservar en lugar fresco y seco|Cumple la norma europea|Incluye recambio|Precio por unidad|Se sirve en caja cerrada|Últimas unidades del proveedor|Sin BPA ni ftalatos|Modelo de temporada|Puede contener trazas de frutos de cáscara|Producto de proximidad|Certificado FSC|Diseñado en Logroño|Premio al mejor diseño|Edición para coleccionistas|Procede de la antigua fábrica de Sargadelos'.split(
    '|',
  );

/** Each appears a few dozen times in a million products. */
export const RARE_WORDS =
  'quejigo|ñandú|zarzamora|güisqui|pingüino|jícara|alféizar|cigüeñal|azulejo nazarí|búcaro|chistera|damajuana|escaramujo|faltriquera|gualdrapa|hojalatería|ibérico puro|jaramago|kayak|lapislázuli|mampara de biombo|noria|ñame|orzuelo|pértiga|quitasol|rebeca|sextante|tarabilla|urogallo|vellón|xilófono|yesquero|zahón|albahaca seca|bergamota|cachivache|desván|encina milenaria|farallón'.split(
    '|',
  );

/** Most frequent first. */
export const PHRASES = { MATERIALS, USES, QUALITIES, NOTES };
