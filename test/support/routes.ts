import type { Router } from 'express';

export interface Route {
  method: string;
  /** As Express has it: `/products/:id`. */
  path: string;
}

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle: { name: string; stack?: Layer[] };
  /** Express's mark of a `use` without a path. */
  slash: boolean;
}

/** Every route of the application, from its own router, so that none can be forgotten. */
export function routesOf(app: { router: Router }): Route[] {
  const visit = (layers: Layer[]): Route[] =>
    layers.flatMap(({ route, handle, slash }) => {
      if (route)
        return Object.keys(route.methods).map((method) => ({
          method: method.toUpperCase(),
          path: route.path,
        }));
      // Express wraps an application that is used by another one, and so hides its routes.
      if (handle.name === 'mounted_app') throw new Error('An application is mounted: use a router');
      if (!handle.stack) return [];
      // Express keeps no readable trace of the path then.
      const isStatic = handle.stack.every((layer) => !layer.route && !layer.handle.stack);
      if (!slash && !isStatic)
        throw new Error('A router is mounted at a path: let its routes name theirs whole');
      return visit(handle.stack);
    });
  return visit((app.router as unknown as { stack: Layer[] }).stack);
}
