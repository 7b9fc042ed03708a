import type { Router } from 'express';

export interface Route {
  method: string;
  /** Express syntax: `/products/:id`. */
  path: string;
}

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle: { name: string; stack?: Layer[] };
  /** True for a `use` without a path. */
  slash: boolean;
}

/** Every route, read from Express's router so that none can be forgotten. */
export function routesOf(app: { router: Router }): Route[] {
  const visit = (layers: Layer[]): Route[] =>
    layers.flatMap(({ route, handle, slash }) => {
      if (route)
        return Object.keys(route.methods).map((method) => ({
          method: method.toUpperCase(),
          path: route.path,
        }));
      // Express hides the routes of a mounted application.
      if (handle.name === 'mounted_app') throw new Error('An application is mounted: use a router');
      if (!handle.stack) return [];
      // Express does not expose the path of such a mount.
      const isStatic = handle.stack.every((layer) => !layer.route && !layer.handle.stack);
      if (!slash && !isStatic)
        throw new Error('A router is mounted at a path: give its routes their full paths');
      return visit(handle.stack);
    });
  return visit((app.router as unknown as { stack: Layer[] }).stack);
}
