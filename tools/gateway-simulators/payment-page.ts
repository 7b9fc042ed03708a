import type { Request, Response } from 'express';

export type Decision = 'pay' | 'refuse' | 'leave';

interface Shown {
  gateway: string;
  /** As people read it: 12,50 EUR. */
  amount: string;
  what: string;
  /** Where the decision is posted to. */
  action: string;
}

const TEXTS = {
  es: {
    title: 'Pago simulado',
    warning: 'Simulador: aquí no se mueve dinero. No escriba datos de ninguna tarjeta.',
    pay: 'Pagar',
    refuse: 'Rechazar el pago',
    leave: 'Volver sin pagar',
  },
  en: {
    title: 'Simulated payment',
    warning: 'Simulator: no money moves here. Do not enter the data of any card.',
    pay: 'Pay',
    refuse: 'Refuse the payment',
    leave: 'Go back without paying',
  },
};

export function showPaymentPage(req: Request, res: Response, { gateway, amount, what, action }: Shown): void {
  const language = req.acceptsLanguages('es', 'en') === 'en' ? 'en' : 'es';
  const texts = TEXTS[language];
  const button = (decision: Decision) =>
    `<button name="decision" value="${decision}" class="${decision}">${texts[decision]}</button>`;
  res.type('html').send(`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${texts.title} · ${gateway}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="warning" role="note">${texts.warning}</p>
<h1>${gateway}</h1>
<p>${html(what)}</p>
<p class="amount">${html(amount)}</p>
<form method="post" action="${html(action)}">
${button('pay')}
${button('refuse')}
${button('leave')}
</form>
</main>
</body>
</html>
`);
}

const STYLE = `
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; background: light-dark(#eef1f4, #15191d);
  color: light-dark(#1d2329, #e6eaee); }
main { max-width: 24rem; margin: 8vh auto; padding: 1.5rem; border-radius: 0.75rem;
  background: light-dark(#fff, #20262c); }
h1 { margin: 1rem 0 0; font-size: 1.5rem; }
.warning { margin: 0; padding: 0.75rem; border-radius: 0.5rem; background: light-dark(#fff3cd, #4a3b0a); }
.amount { font-size: 1.75rem; font-weight: 600; margin: 0.5rem 0 1rem; }
form { display: grid; gap: 0.75rem; }
button { min-height: 2.75rem; border: 1px solid light-dark(#6b7680, #8a949d); border-radius: 0.5rem; font: inherit;
  background: transparent; color: inherit; cursor: pointer; }
.pay { background: #0b6b3a; border-color: #0b6b3a; color: #fff; font-weight: 600; }
`;

export function readDecision(req: Request): Decision {
  const { decision } = (req.body ?? {}) as { decision?: string };
  return decision === 'pay' || decision === 'refuse' ? decision : 'leave';
}

function html(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
