# Production dependencies only; the image's own Node.js runs the TypeScript directly, so there is nothing to build.
FROM node:24.21-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM node:24.21-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY src ./src
COPY config ./config
# The ledger's folder, and the only one that the service writes.
RUN mkdir data && chown node:node data
VOLUME /app/data
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Straight to node: a signal reaches the service, which waits for what is in flight.
# Without the flag V8 lets what is soon garbage grow to 128 MiB, and gains nothing by it here (docs/performance.md).
CMD ["node", "--max-semi-space-size=8", "bin/postrider", "start"]
