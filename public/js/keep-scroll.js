/**
 * Going back to this address scrolls to where it was left. Chromium's own restoration sometimes ends at the top when
 * the page loads anew.
 */
export function keepScroll() {
  history.scrollRestoration = 'manual';
  const name = () => `scroll ${location.pathname}${location.search}`;
  window.addEventListener('pagehide', () => sessionStorage.setItem(name(), String(scrollY)));
  const [arrival] = performance.getEntriesByType('navigation');
  if (['back_forward', 'reload'].includes(arrival?.type))
    scrollTo({ top: Number(sessionStorage.getItem(name())), behavior: 'instant' });
}
