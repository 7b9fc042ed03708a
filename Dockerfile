# syntax=docker/dockerfile:1

# The packages, without those for development. bcrypt brings its binary along: nothing is compiled.
FROM node:24-trixie-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --no-audit --no-fund

FROM node:24-trixie-slim
ENV NODE_ENV=production
WORKDIR /app
# A new volume takes on the owner of the folder it covers.
RUN mkdir -p /secrets/database /secrets/web && chown -R node:node /secrets
COPY --from=packages /app/node_modules node_modules
COPY package.json package-lock.json ./
COPY mysql mysql
COPY public public
COPY views views
COPY src src
USER node
EXPOSE 3000
CMD ["node", "src/server.ts"]
