# One image for the API and the worker; compose says which of the two a container is.

FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

# Without the optional packages: they hold the embedded Postgres, which a container has no use for.
FROM node:22-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:22-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY package.json ./
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
# Nothing above belongs to this user, so that a program that is broken into cannot change itself.
USER node
EXPOSE 3000
CMD ["node", "--enable-source-maps", "dist/api/server.js"]
