# What runs in the image is what runs in a checkout: the sources, started by tsx.
FROM node:20-slim AS installed
WORKDIR /app
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY packages packages
RUN npx --yes pnpm@12 install --frozen-lockfile --prod

FROM node:20-slim
WORKDIR /app
COPY --from=installed /app /app
COPY LICENSE LIMITS.md ./
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
ENV APSARAMQ_DATA=/data \
    APSARAMQ_HOST=0.0.0.0
EXPOSE 8480 8443 8883 8084 1883 8083 8481
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:8481/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# no npm and no shell in between, so that SIGTERM reaches the emulator
ENTRYPOINT ["node", "--import", "tsx", "packages/cli/src/main.ts"]
CMD ["start"]
