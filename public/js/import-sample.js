// Shows the first rows as the chosen encoding and separator would read them, before the file is read again.
const { id } = document.getElementById('import').dataset;
const choices = [document.getElementById('encoding'), document.getElementById('delimiter')];
const table = document.getElementById('first-rows');
let latest = 0;

for (const choice of choices) choice.addEventListener('change', () => table && showSample());

async function showSample() {
  const request = ++latest;
  const query = new URLSearchParams(choices.map(({ name, value }) => [name, value]));
  try {
    const response = await fetch(`/api/imports/${id}/sample?${query}`, { signal: AbortSignal.timeout(5000) });
    if (!response.ok || request !== latest) return;
    const { headers, rows } = await response.json();
    table.tHead.replaceChildren(rowOf('th', headers));
    table.tBodies[0].replaceChildren(...rows.map((cells) => rowOf('td', cells)));
  } catch {
    // Reading the file again shows the rows as well.
  }
}

function rowOf(tag, texts) {
  const row = document.createElement('tr');
  for (const text of texts) {
    const cell = document.createElement(tag);
    if (tag === 'th') cell.scope = 'col';
    cell.textContent = text;
    row.append(cell);
  }
  return row;
}
