/** Departments and provinces, as suggestions for the field: other spellings are right, too. ISO 3166-2. */
const REGIONS: Record<string, readonly string[]> = {
  CO: [
    ...[
      'Amazonas',
      'Antioquia',
      'Arauca',
      'Atlántico',
      'Bogotá D. C.',
      'Bolívar',
      'Boyacá',
      'Caldas',
      'Caquetá',
    ],
    ...['Casanare', 'Cauca', 'Cesar', 'Chocó', 'Córdoba', 'Cundinamarca', 'Guainía', 'Guaviare', 'Huila'],
    ...[
      'La Guajira',
      'Magdalena',
      'Meta',
      'Nariño',
      'Norte de Santander',
      'Putumayo',
      'Quindío',
      'Risaralda',
    ],
    ...['San Andrés y Providencia', 'Santander', 'Sucre', 'Tolima', 'Valle del Cauca', 'Vaupés', 'Vichada'],
  ],
  EC: [
    ...['Azuay', 'Bolívar', 'Cañar', 'Carchi', 'Chimborazo', 'Cotopaxi', 'El Oro', 'Esmeraldas', 'Galápagos'],
    ...['Guayas', 'Imbabura', 'Loja', 'Los Ríos', 'Manabí', 'Morona Santiago', 'Napo', 'Orellana', 'Pastaza'],
    ...['Pichincha', 'Santa Elena', 'Santo Domingo de los Tsáchilas', 'Sucumbíos', 'Tungurahua'],
    'Zamora Chinchipe',
  ],
  ES: [
    ...['A Coruña', 'Álava', 'Albacete', 'Alicante', 'Almería', 'Asturias', 'Ávila', 'Badajoz', 'Barcelona'],
    ...['Bizkaia', 'Burgos', 'Cáceres', 'Cádiz', 'Cantabria', 'Castellón', 'Ceuta', 'Ciudad Real', 'Córdoba'],
    ...[
      'Cuenca',
      'Gipuzkoa',
      'Girona',
      'Granada',
      'Guadalajara',
      'Huelva',
      'Huesca',
      'Illes Balears',
      'Jaén',
    ],
    ...[
      'La Rioja',
      'Las Palmas',
      'León',
      'Lleida',
      'Lugo',
      'Madrid',
      'Málaga',
      'Melilla',
      'Murcia',
      'Navarra',
    ],
    ...[
      'Ourense',
      'Palencia',
      'Pontevedra',
      'Salamanca',
      'Santa Cruz de Tenerife',
      'Segovia',
      'Sevilla',
      'Soria',
    ],
    ...['Tarragona', 'Teruel', 'Toledo', 'Valencia', 'Valladolid', 'Zamora', 'Zaragoza'],
  ],
};

export function regionsOf(countries: readonly string[]): string[] {
  const all = countries.flatMap((country) => REGIONS[country] ?? []);
  return [...new Set(all)].sort((one, other) => one.localeCompare(other, 'es'));
}
