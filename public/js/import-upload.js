// A large upload takes a while, so the button shows that it is under way. A file can also be dropped on the page.
const form = document.getElementById('upload');
const input = document.getElementById('file');
const drop = document.getElementById('drop');
const hint = document.getElementById('drop-hint');
const button = form.querySelector('button[data-busy]');
const label = button.innerHTML;

form.addEventListener('submit', (event) => {
  if (event.defaultPrevented) return;
  button.textContent = button.dataset.busy;
  button.setAttribute('aria-disabled', 'true');
});
window.addEventListener('pageshow', () => {
  button.innerHTML = label;
  button.removeAttribute('aria-disabled');
});

hint.hidden = false;

// Anywhere on the page: a browser would open a file that misses the form.
document.addEventListener('dragover', (event) => {
  if (!event.dataTransfer.types.includes('Files')) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = 'copy';
  drop.classList.add('is-over');
});
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) drop.classList.remove('is-over');
});
document.addEventListener('drop', (event) => {
  if (!event.dataTransfer.types.includes('Files')) return;
  event.preventDefault();
  drop.classList.remove('is-over');
  const { files } = event.dataTransfer;
  if (files.length !== 1) {
    hint.textContent = drop.dataset.one;
    return;
  }
  input.files = files;
  hint.textContent = drop.dataset.dropped.replace('{{name}}', () => files[0].name);
  button.focus();
});
