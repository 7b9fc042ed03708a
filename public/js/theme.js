// Runs before the first paint. Without a stored choice, follows the system.
(() => {
  const root = document.documentElement;
  root.classList.add('with-script');
  const system = matchMedia('(prefers-color-scheme: dark)');
  const chosen = () => localStorage.getItem('theme');
  const apply = () => {
    root.dataset.bsTheme = chosen() ?? (system.matches ? 'dark' : 'light');
  };
  apply();
  system.addEventListener('change', apply);
  document.addEventListener('DOMContentLoaded', () => {
    const toggle = document.querySelector('[data-theme-toggle]');
    toggle.hidden = false;
    toggle.addEventListener('click', () => {
      localStorage.setItem('theme', root.dataset.bsTheme === 'dark' ? 'light' : 'dark');
      apply();
    });
    // Menus close on an outside click or Escape.
    for (const menu of document.querySelectorAll('details.menu')) {
      document.addEventListener('click', (event) => {
        if (!menu.contains(event.target)) menu.open = false;
      });
      menu.addEventListener('keydown', (event) => {
        if (event.key !== 'Escape' || !menu.open) return;
        menu.open = false;
        menu.querySelector('summary').focus();
      });
    }
  });
})();
