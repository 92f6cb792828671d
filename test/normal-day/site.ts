import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Day } from './day.ts';

/** Pages of a small site, some with names that sound like trouble. */
const pages = [
  'index.html',
  'about/index.html',
  'blog/index.html',
  'blog/2026/login-failed-what-now.html',
  'blog/2026/authentication-failure-explained.html',
  'blog/2026/caf\u00e9.html',
  'css/site.css',
  'js/app.js',
  'img/logo.svg',
  'img/photo-01.jpg',
  'docs/access-denied.html',
  'docs/invalid-user.txt',
  'docs/guide.pdf',
  'feed.xml',
  'sitemap.xml',
  'members/index.html',
];

const agents = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'Uptime-Kuma/2.0.2',
  'FreshRSS/1.27.0 (Linux; https://freshrss.org)',
  'curl/8.14.1',
  'Mozilla/5.0 (Linux) mirall/3.17.0 (Nextcloud, debian-6.12.48 ClientArchitecture: x86_64 OsArchitecture: x86_64)',
  'DAVx5/4.5.4-ose (2026/09/28; dav4jvm; okhttp/5.1.0) Android/16',
];

/** What is asked beside the pages: parameters, folders without a slash, and what browsers ask for by themselves. */
const further = [
  '/?utm_source=newsletter&utm_medium=mail',
  '/about',
  '/blog',
  '/search?q=error+403+forbidden',
  '/search?q=%22user+not+found%22&page=2',
  '/blog/?page=3&from=198.51.100.20',
  '/favicon.ico',
  '/robots.txt',
  '/apple-touch-icon.png',
  '/js/app.js?v=20261127',
];

/** Writes the site's files and returns their folder. */
export function writeSite(day: Day): string {
  const folder = day.machine.makeDirectory('site');
  for (const page of pages) {
    day.machine.makeDirectory(`site/${dirname(page)}`);
    writeFileSync(`${folder}/${page}`, `${page}\n`.repeat(1 + (page.length % 7)));
  }
  return folder;
}

/** One visitor's requests, in one run of curl: pages as they are, not modified since, in part, or only their head. */
export async function browse(day: Day, n: number, port: number, count: number): Promise<void> {
  const base = `http://${day.urlHostFor(n)}:${port}`;
  const paths = [...pages.map((page) => `/${encodeURI(page).replace('index.html', '')}`), ...further];
  const ways = [
    '',
    '',
    '',
    'time-cond = "Sat, 27 Nov 2027 12:00:00 GMT"\n',
    'range = "0-9"\n',
    'head\n',
    'compressed\n',
  ];
  const requests = Array.from({ length: count }, (_, index) => {
    const at = n * 7 + index;
    const path = paths[at % paths.length];
    const login = path === '/members/' && at % 2 === 0 ? `user = "member:${day.password}"\n` : '';
    const referrer =
      index % 4 === 1 ? `referer = "https://example.org${paths[(at * 5) % paths.length]}"\n` : '';
    const agent = agents[(n + (index % 17 === 0 ? 1 : 0)) % agents.length];
    return `url = "${base}${path}"\noutput = /dev/null\nuser-agent = "${agent}"\n${ways[at % ways.length]}${login}${referrer}`;
  });
  const config = `globoff\n${requests.join('next\nsilent\nnoproxy = "*"\n')}`;
  await day.curl(n, ['--config', '-'], config);
}
