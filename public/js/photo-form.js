// Chosen photos are sent at once, and refused before they are sent if they are too large or too many.
const form = document.getElementById('photo-form');
const input = document.getElementById('photo-files');
const camera = document.getElementById('photo-camera');
const problem = document.getElementById('photos-error');
const button = form.querySelector('[type=submit]');
const label = button.innerHTML;

button.hidden = true;
// A computer would open the same dialog twice.
if (matchMedia('(pointer: coarse)').matches) {
  form.querySelector('.photo-camera').hidden = false;
  camera.disabled = false;
  camera.hidden = false;
}

for (const chosen of [input, camera]) {
  chosen.addEventListener('change', () => {
    const text = refusalOf([...chosen.files]);
    problem.textContent = text;
    input.classList.toggle('is-invalid', text !== '');
    if (text) {
      chosen.value = '';
      return;
    }
    if (chosen.files.length > 0) form.requestSubmit();
  });
}

form.addEventListener('submit', (event) => {
  if (event.defaultPrevented) return;
  button.hidden = false;
  button.textContent = button.dataset.busy;
  button.setAttribute('aria-disabled', 'true');
});
window.addEventListener('pageshow', () => {
  button.innerHTML = label;
  button.hidden = true;
  button.removeAttribute('aria-disabled');
  form.reset();
});

function refusalOf(files) {
  const { bytes, files: maximum, tooLarge, tooMany } = form.dataset;
  if (files.length > Number(maximum)) return tooMany;
  const large = files.find(({ size }) => size > Number(bytes));
  return large ? tooLarge.replace('{name}', () => large.name) : '';
}
