// A large upload takes a while, so the button shows that it is under way.
const form = document.getElementById('upload');
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
