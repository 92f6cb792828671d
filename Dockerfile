# The daemon and the packages it uses, in one build.
FROM node:24-trixie-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/write-build.ts

FROM node:24-trixie-slim
# Both iptables variants, ipset, nftables and conntrack speak to the host's kernel; systemd's journalctl reads the
# host's journal. Without an /etc/localtime of its own, the image takes the host's, which compose.yaml mounts: a
# symbolic link would name the wrong zone.
RUN apt-get update \
 && apt-get install -y --no-install-recommends conntrack ipset iptables nftables systemd tzdata \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* /usr/share/doc /usr/share/man /etc/localtime \
 && ln -s /opt/bailiff/bin/bailiff /usr/local/bin/bailiff
WORKDIR /opt/bailiff
COPY package.json ./
COPY bin bin
COPY filters filters
COPY --from=build /build/dist dist
ENV NODE_ENV=production
VOLUME /var/lib/bailiff
# Asks the daemon over its own socket, so it holds wherever (or whether) HTTP listens.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["bailiff", "status", "--check", "--json"]
ENTRYPOINT ["bailiff"]
CMD ["run"]
