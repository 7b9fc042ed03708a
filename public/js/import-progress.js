// Polls an import that is being read or applied, and reloads the page when it is done.
const POLL_EVERY_MS = 600;

const page = document.getElementById('import');
const { id, state, lost } = page.dataset;

if (page.dataset.busy === 'true') {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
    const now = await fetchProgress();
    if (!now) continue;
    if (!now.isBusy || (now.state !== state && now.state !== 'applied')) break;
    const percent = Math.round(now.progress * 100);
    document.getElementById('progress').value = percent;
    document.getElementById('percent').textContent = `${percent} %`;
  }
  location.replace(`/imports/${id}`);
}

/** Undefined while the server is unreachable: polling goes on. */
async function fetchProgress() {
  const problem = document.getElementById('lost');
  try {
    const response = await fetch(`/api/imports/${id}`, { signal: AbortSignal.timeout(5000) });
    if (response.status === 401 || response.status === 404) return { isBusy: false };
    if (!response.ok) throw new Error(`answered with ${response.status}`);
    problem.hidden = true;
    return await response.json();
  } catch {
    problem.textContent = lost;
    problem.hidden = false;
    return undefined;
  }
}
