// A large file takes a while: the button says that it is on its way.
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
