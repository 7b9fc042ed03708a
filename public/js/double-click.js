const DOUBLE_CLICK_MS = 500;
const NEARBY_PX = 10;

/** Keeps the second half of a double click from pressing a button of `opened`, which has appeared under the pointer. */
export function ignoreDoubleClick(opened, { clientX, clientY }) {
  opened.addEventListener(
    'click',
    (event) => {
      const isByPointer = event.detail > 0;
      const distance = Math.hypot(event.clientX - clientX, event.clientY - clientY);
      if (!isByPointer || distance > NEARBY_PX) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true, signal: AbortSignal.timeout(DOUBLE_CLICK_MS) },
  );
}
