/**
 * Going back to this address scrolls to where it was left. Chromium's own restoration sometimes ends at the top when
 * the page loads anew.
 */
export function keepScroll() {
  const name = () => `scroll ${location.pathname}${location.search}`;
  const restore = () => scrollTo({ top: Number(sessionStorage.getItem(name())), behavior: 'instant' });
  history.scrollRestoration = 'manual';
  window.addEventListener('pagehide', () => sessionStorage.setItem(name(), String(scrollY)));
  const [arrival] = performance.getEntriesByType('navigation');
  if (!['back_forward', 'reload'].includes(arrival?.type)) return;
  restore();
  // An entry that is not yet known to be restored by hand is reset when loading ends.
  window.addEventListener('pageshow', () => requestAnimationFrame(() => scrollY === 0 && restore()), {
    once: true,
  });
}
