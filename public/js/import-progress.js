// While an import is being read or applied: asks how far it is, and shows the page anew when that is over.
const ASK_EVERY_MS = 600;

const page = document.getElementById('import');
const { id, state, lost } = page.dataset;

if (page.dataset.busy === 'true') {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    const now = await ask();
    if (!now) continue;
    if (!now.isBusy || (now.state !== state && now.state !== 'applied')) break;
    const percent = Math.round(now.progress * 100);
    document.getElementById('progress').value = percent;
    document.getElementById('percent').textContent = `${percent} %`;
  }
  location.replace(`/imports/${id}`);
}

/** An instance or the primary that is away for a moment is no end of it. */
async function ask() {
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
