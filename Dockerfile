# syntax=docker/dockerfile:1

# Production packages. bcrypt and sharp ship prebuilt binaries, so no compiler is needed. Those of sharp are optional
# packages, and so is TypeScript, which only types ask for.
FROM node:24-trixie-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/npm-cache npm ci --cache /npm-cache --omit=dev --no-audit --no-fund \
    && rm -r node_modules/typescript

# Compile, because not every Node 24 runs TypeScript (docs/decisions/typescript-without-a-build.md).
FROM node:24-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/npm-cache npm ci --cache /npm-cache --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY mysql mysql
COPY public public
COPY views views
COPY src src
# Files must be readable whatever their modes on the build machine.
RUN npx tsc --project tsconfig.build.json && chmod -R a+rX dist mysql public views package.json package-lock.json

FROM node:24-trixie-slim
ENV NODE_ENV=production
WORKDIR /app
# A new volume takes the owner of the folder it is mounted on.
RUN mkdir -p /secrets/database /secrets/web /settings && chown -R node:node /secrets /settings
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/package.json /app/package-lock.json ./
COPY --from=build /app/mysql mysql
COPY --from=build /app/public public
COPY --from=build /app/views views
COPY --from=build /app/dist dist
USER node
EXPOSE 3000
CMD ["node", "dist/server.js"]
