# Bailiff and all that it runs: docs/image.md says what holds for it, docs/releasing.md how it is built for a release.
# No file is newer than this (seconds since 1970), so that the same source and the same packages give the same layers.
ARG SOURCE_DATE_EPOCH=1767225600
# That of package.json (scripts/docs); with another one nothing is built.
ARG VERSION=0.1.0
# The commit, where scripts/image knows it.
ARG REVISION=

# A small Debian with Node. What is left of it becomes one layer, so what is taken away here takes no room.
FROM node:24-trixie-slim AS system
# Both iptables variants, ipset, nftables and conntrack speak to the host's kernel; systemd's journalctl reads the
# host's journal. Without an /etc/localtime of its own, the image takes the host's, which compose.yaml mounts: a
# symbolic link would name the wrong zone.
RUN apt-get update \
 && apt-get upgrade -y \
 && apt-get install -y --no-install-recommends conntrack ipset iptables nftables systemd tzdata \
 && rm -rf /etc/localtime /var/lib/apt/lists/* /var/cache/* /var/log/*
# Of Node the program stays and its licence; of Debian what runs, the licences, and dpkg's list, which scanners read.
RUN rm -rf /opt/yarn* /usr/local/bin/corepack /usr/local/bin/docker-entrypoint.sh /usr/local/bin/np[mx] \
      /usr/local/bin/yarn* /usr/local/include /usr/local/lib/node_modules /usr/local/share/doc /usr/local/share/man \
      /usr/share/info /usr/share/locale /usr/share/man \
 && find /usr/share/doc -type f ! -name copyright -delete
# Nobody in here becomes somebody else.
RUN find / -xdev -type f -perm /6000 -exec chmod a-s {} +
# What would be another each time: an identity, copies of what was before, and times.
ARG SOURCE_DATE_EPOCH
RUN rm -f /etc/*- /var/lib/dpkg/*-old \
 && : > /etc/machine-id \
 && find / -xdev \( -path /dev -o -path /proc -o -path /sys -o -path /etc/hosts -o -path /etc/hostname -o -path /etc/resolv.conf \) \
      -prune -o -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

# The daemon and the packages it uses, in one build.
FROM node:24-trixie-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/write-build.ts
COPY LICENSE ./
COPY bin bin
COPY filters filters
ARG SOURCE_DATE_EPOCH
ARG VERSION
ARG REVISION
RUN version=$(node --print 'require("./package.json").version') \
 && if [ "$version" != "$VERSION" ]; then echo "VERSION is $VERSION, and package.json says $version" >&2; exit 1; fi \
 && mkdir -p /image/opt/bailiff /image/usr/local/bin \
 && cp -r LICENSE package.json bin dist filters /image/opt/bailiff \
 && ln -s /opt/bailiff/bin/bailiff /image/usr/local/bin/bailiff \
 && if [ -n "$REVISION" ]; then echo "$REVISION" > /image/opt/bailiff/revision; fi \
 && chmod -R u=rwX,go=rX /image \
 && find /image -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM scratch
COPY --from=system / /
COPY --from=build /image/ /
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="Bailiff" \
      org.opencontainers.image.description="Protects a Docker host: reads host and container logs, bans attackers in the kernel, for host and published ports alike." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/node:24-trixie-slim" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_ENV=production
VOLUME /var/lib/bailiff
# Asks the daemon over its own socket, so it holds wherever (or whether) HTTP listens.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["bailiff", "status", "--check", "--json"]
ENTRYPOINT ["bailiff"]
CMD ["run"]
