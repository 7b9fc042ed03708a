// Refreshes the System page in place, so that nothing jumps and animations continue.
const REFRESH_MS = 2000;
/** An idle page must not keep its session alive forever. */
const PAUSE_AFTER_MS = 10 * 60_000;

const system = document.getElementById('system');
const note = document.getElementById('live-note');
let lastInputAt = Date.now();

for (const event of ['pointermove', 'pointerdown', 'keydown', 'scroll'])
  addEventListener(event, () => (lastInputAt = Date.now()), { passive: true });

note.hidden = false;
show('live');
for (;;) {
  await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
  if (document.hidden) continue;
  if (Date.now() - lastInputAt > PAUSE_AFTER_MS) {
    show('paused');
    continue;
  }
  try {
    const response = await fetch('/system/live', { redirect: 'manual', signal: AbortSignal.timeout(5000) });
    // To the log-in, and back.
    if (response.type === 'opaqueredirect') location.reload();
    if (!response.ok) throw new Error(`answered with ${response.status}`);
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    morph(system, page.getElementById('system'));
    show('live');
  } catch {
    show('lost');
  }
}

function show(state) {
  if (note.dataset.state === state) return;
  note.dataset.state = state;
  note.textContent = note.dataset[state];
}

/** Makes `node` equal to `wanted` in place. */
function morph(node, wanted) {
  if (node.nodeName !== wanted.nodeName) {
    node.replaceWith(document.importNode(wanted, true));
    return;
  }
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (node.data !== wanted.data) node.data = wanted.data;
    return;
  }
  for (const { name } of [...node.attributes]) if (!wanted.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of wanted.attributes)
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  const [children, wantedChildren] = [[...node.childNodes], [...wanted.childNodes]];
  for (const [index, child] of wantedChildren.entries()) {
    if (children[index]) morph(children[index], child);
    else node.append(document.importNode(child, true));
  }
  for (const child of children.slice(wantedChildren.length)) child.remove();
}
