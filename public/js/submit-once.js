// Ignores a second submit of a form that is being sent, and shows that it is being sent.
(() => {
  /** When a save has taken longer than this, the page says that it is the network. */
  const SLOW_AFTER_MS = 5000;
  const SHOW_AFTER_MS = 400;
  let timers = [];

  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method !== 'post') return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = 'yes';
    // Also when a script sends the form in place of the browser.
    showBusy(event.submitter ?? form.querySelector('[type=submit]'));
  });

  // After going back, forms can be sent again.
  addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
    for (const button of document.querySelectorAll('[aria-busy][type=submit]'))
      button.removeAttribute('aria-busy');
    for (const timer of timers) clearTimeout(timer);
    document.getElementById('busy-note').textContent = '';
  });

  function showBusy(button) {
    const note = document.getElementById('busy-note');
    button?.setAttribute('aria-busy', 'true');
    timers = [
      setTimeout(() => (note.textContent = note.dataset.saving), SHOW_AFTER_MS),
      setTimeout(() => (note.textContent = note.dataset.slow), SLOW_AFTER_MS),
    ];
  }
})();
