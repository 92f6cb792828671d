type Files = Readonly<Record<string, string>>;

/** A filter and an action that most cases use, small enough to see what becomes of them. */
const parts: Files = {
  'filter.d/f.conf':
    '[Definition]\nfailregex = ^%(_p)sbad <HOST>$\n            ^<more>\nignoreregex =\n_p = pre\nmore = m-<kind>\nkind = k\n',
  'action.d/a.conf':
    '[Definition]\nactionban = ban <ip> <port>/<protocol> <chain>\nactionunban = unban <ip>\n[Init]\nchain = INPUT\nport = any\nprotocol = tcp\n',
};

const head = '[DEFAULT]\nenabled = true\nfilter = f\naction = a\n';

/** A jail.conf with the usual head, and whatever files belong to it. */
function jails(text: string, files: Files = {}): Files {
  return { ...parts, 'jail.conf': head + text, ...files };
}

function filter(text: string, jail = '[j]\n'): Files {
  return jails(jail, { 'filter.d/f.conf': text });
}

function action(text: string, list = 'a'): Files {
  return jails(`[j]\naction = ${list}\n`, { 'action.d/a.conf': text });
}

/** Configurations that go into the corners of the dialect. Each is one directory. */
export const cases: Readonly<Record<string, Files>> = {
  'comments and blank lines in a value': jails(
    '[j]\nignoreip = 10.0.0.1 ; one\n  10.0.0.2\n  # not this\n  ; nor this\n\n  10.0.0.3 # not a comment\n\n\n[k]\n',
  ),
  'a semicolon without a space before it': jails('[j]\nignorecommand = a;b\t; c;d\n'),
  'a semicolon at the front of a value': jails('[j]\nignorecommand = ;x\nlogencoding =;y\n'),
  'colons for equals signs': jails('[j]\nbantime: 5m\nfindtime :6m = 7\nignorecommand = a : b = c\n'),
  'names in capitals': jails('[j]\nBanTime = 5m\nIGNOREIP = 10.0.0.1\n[K]\nMaxRetry = 7\n'),
  'an option indented': jails('  [j]\n  bantime = 5m\n  findtime = 6m\n    + 1m\n'),
  'a section that is the rest of a value': jails('[j]\nignoreip = 10.0.0.1\n  [k]\n  bantime = 4m\n'),
  'brackets in the name of a section': jails('[j[1]]\nbantime = 5m\n[k] x ]\n[l] ; comment ] here\n'),
  'an empty value and lines below it': jails('[j]\nignoreip =\n  10.0.0.1\n\n  10.0.0.2\nlogpath =\n\n'),
  'line ends of other systems': {
    ...parts,
    'jail.conf': `${head.replaceAll('\n', '\r\n')}[j]\r\nbantime = 5m\rignoreip = 10.0.0.1\r\n  10.0.0.2\r\n`,
  },
  'white space that only Unicode knows': jails(
    '[j]\nignorecommand =\u00a0\u2003x\u3000\u0085\n\u00a0bantime = 3m\n',
  ),
  'a value that goes on after a header is indented': jails(' [j]\n bantime = 3m\n  findtime = 4m\n'),
  'a file without an end of line': jails('[j]\nbantime = 5m'),
  'later files': jails('[j]\nbantime = 1m\nfindtime = 1m\nmaxretry = 1\nmaxmatches = 1\n', {
    'jail.d/b.conf': '[j]\nfindtime = 2m\nmaxretry = 2\nmaxmatches = 2\n',
    'jail.d/a.conf': '[j]\nfindtime = 9m\n[new]\n',
    'jail.local': '[j]\nmaxretry = 3\nmaxmatches = 3\n',
    'jail.d/a.local': '[j]\nmaxmatches = 4\n',
    'jail.d/.hidden.conf': '[hidden]\n',
    'jail.d/other.txt': '[other]\n',
  }),
  'known values over three files': jails('[j]\nignoreip = 10.0.0.1\n', {
    'jail.d/a.conf': '[j]\nignoreip = %(known/ignoreip)s 10.0.0.2\n',
    'jail.local': '[j]\nbantime = 9m\n',
  }),
  'known from DEFAULT': jails('[j]\nignoreip = %(known/ignoreip)s 10.0.0.2\n', {
    'jail.local': '[DEFAULT]\nignoreip = 10.0.0.1\n',
  }),
  'known that leads back': jails('[j]\nbantime = 1m\n', {
    'jail.local': '[DEFAULT]\nbantime = %(known/bantime)s\n[k]\n',
  }),
  'known that nothing sets': jails('[j]\nbantime = %(known/bantime)s\n'),
  'options of other sections': jails(
    '[j]\nbantime = %(k/bantime)s\nfindtime = %(default/findtime)s\nmaxretry = %(k/maxretry)s\n[k]\nbantime = 7m\n',
    { 'jail.local': '[DEFAULT]\nfindtime = 8m\nmaxretry = 4\n' },
  ),
  'a section that is not there': jails('[j]\nbantime = %(nowhere/bantime)s\n[k]\n'),
  'a section in capitals': jails('[j]\nbantime = %(K/bantime)s\n[K]\nbantime = 3m\n'),
  'DEFAULT in capitals': jails('[j]\nbantime = %(DEFAULT/bantime)s\n', {
    'jail.local': '[DEFAULT]\nbantime = 3m\n',
  }),
  'the name of the jail': jails('[j]\nignorecommand = x-%(__name__)s\n[k]\nfilter = f[kind=%(__name__)s]\n'),
  'percent signs': jails('[j]\nignorecommand = 100%% %%(x)s %%%%\n'),
  'a lone percent sign': jails('[j]\nignorecommand = 100% sure\n[k]\n'),
  'a reference that does not end': jails(
    '[j]\nignorecommand = %(bantime\n[k]\nignorecommand = %(bantime)x\n[l]\n',
  ),
  'an empty reference': jails('[j]\nignorecommand = %()s\n'),
  'a reference over two lines': jails('[j]\nx\n = 1\n', {
    'jail.conf': `${head}[j]\nignorecommand = %(ban\n  time)s\n`,
  }),
  'references ten deep': jails(
    `[j]\nbantime = %(a1)s\n${Array.from({ length: 9 }, (_, n) => `a${n + 1} = ${n === 8 ? '5m' : `%(a${n + 2})s`}\n`).join('')}`,
  ),
  'references eleven deep': jails(
    `[j]\nbantime = %(a1)s\n${Array.from({ length: 11 }, (_, n) => `a${n + 1} = ${n === 10 ? '%%' : `%(a${n + 2})s`}\n`).join('')}`,
  ),
  'references in capitals': jails('[j]\nbantime = %(MyTime)s\nmytime = 5m\n'),
  'not a number': jails(
    '[j]\nmaxretry = many\n[k]\nmaxretry = 1_0\n[l]\nmaxretry = +7\n[m]\nmaxretry = 007\n',
  ),
  'true in all its spellings': jails(
    ['Yes', 'on', '1', 'TRUE', 'no', '2', '', 'ja'].map((word, n) => `[j${n}]\nenabled = ${word}\n`).join(''),
  ),
  durations: jails(
    [
      '1d12h',
      '1year-6mo',
      '-1',
      '60*5',
      '1.5h',
      '1h 30m',
      '2 weeks',
      '(1h+30m)*2',
      '1e3',
      '010',
      '5 min',
      '1hour+30min',
      '',
      '6x',
    ]
      .map((word, n) => `[j${n}]\nbantime = ${word}\n`)
      .join(''),
  ),
  multipliers: jails(
    '[j]\nbantime.increment = true\nbantime.multipliers = 1 2 4\nbantime.maxtime = 1w\nbantime.rndtime = 8m\nbantime.factor = 2\n[k]\nbantime.multipliers = 1  2\n[l]\nbantime.multipliers =\n',
  ),
  'log paths': jails(
    '[j]\nlogpath = /a/*.log\n  /b.log tail\n  /c d.log head\n[k]\nlogpath = /a b\n[l]\nlogpath = /x TAIL\n',
  ),
  backends: jails('[j]\nbackend = systemd\n[k]\nbackend = nothing\n[l]\nbackend = polling\n[m]\nbackend =\n'),
  'no filter, no action': jails('[j]\nfilter =\n[k]\naction =\n'),
  'a filter that is not there': jails('[j]\nfilter = nothing\n[k]\n'),
  'an action that is not there': jails('[j]\naction = nothing\n[k]\n'),
  'a space before the bracket': jails('[j]\nfilter = f [kind=x]\n[k]\naction = a [port=1]\n'),
  'options in every quote': jails(
    '[j]\nfilter = f[kind="a,b", more=\'c]d\', _p=plain text ]\n[k]\nfilter = f[kind=a][more="x"] [_p=y]\n[l]\nfilter = f[kind="a"b]\n[m]\nfilter = f[kind="a" , more=b]\n[n]\nfilter = f[]\n[o]\nfilter = f[kind=a,]\n[p]\nfilter = f[kind=a,,more=b]\n[q]\nfilter = f[kind="a" ]\n[r]\nfilter = f[kind =a]\n[s]\nfilter = f[kind=]\n[t]\nfilter = f[kind="a\n  b"]\n',
  ),
  'brackets that do not close': jails(
    '[j]\nfilter = f[kind=a\n[k]\naction = a[port=1\n[l]\nfilter = f]\n[m]\nfilter = [x]\n',
  ),
  'several actions': jails(
    '[j]\naction = a[port="1,2", name=x]\n  a[name=y][port=3]\n\n  a[name=j-z]\n  a\n[k]\naction = a[name=1] a[name=2]\n[l]\naction = a[port="1\n  2"]\n[m]\naction = a\n  [port=1]\n[n]\naction = a[port="]"]\n',
  ),
  'actions in Python': jails('[j]\naction = smtp.py[host="h", actname=mail]\n  other.py\n'),
  'an action that names options of the jail': action(
    '[Definition]\nactionban = <bantime> <maxretry> <ignorecommand> <findtime> %(maxretry)s\n[Init]\n',
  ),
  'options by family': action(
    '[Definition]\nactionban = <tool> <ip> <set>\nother = <tool>\n[Init]\ntool = four\nset = <name>\n[Init?family=inet6]\ntool = six\nset = <name>6\n',
  ),
  'flags of an action': action(
    '[Definition]\nactionban = x\nnorestored = 1\nactionstart_on_demand = maybe\n',
    'a[actionrepair_on_unban=true]',
  ),
  'known values of an action': action(
    '[Definition]\nactionban = <chain> <known/chain> <port>\n[Init]\nchain = INPUT\nport = any\n',
    'a[chain="<known/chain>-x", port="%(port)s"]\nport = 5',
  ),
  'an action without a definition': action('[Init]\nchain = INPUT\n'),
  'an empty filter': filter(''),
  'a filter without a definition': filter('[Init]\nmaxlines = 3\n'),
  'tags within tags': filter(
    '[Definition]\nfailregex = <mdre-<mode>>\nmdre-a = one\n  two <HOST>\nmdre-b = three\nmode = a\n',
    '[j]\n[k]\nfilter = f[mode=b]\n[l]\nfilter = f[mode=c]\n',
  ),
  'a tag that holds itself': filter('[Definition]\nfailregex = x <failregex>\n', '[j]\n'),
  'tags in a circle': filter('[Definition]\nfailregex = <a>\na = <b>\nb = <a>\n'),
  'tags in a circle of three, from aside': filter('[Definition]\nfailregex = x\na = <b>\nb = <c>\nc = <a>\n'),
  'a tag many times': filter(`[Definition]\nfailregex = ${'<a>'.repeat(60)}\na = x\n`),
  'a tag by many ways': filter(
    `[Definition]\nfailregex = ${Array.from({ length: 30 }, (_, n) => `<t${n}>`).join('')}\n${Array.from({ length: 30 }, (_, n) => `t${n} = <a>`).join('\n')}\na = x\n`,
  ),
  'a tag made 24 times': filter(
    `[Definition]\nfailregex = ${Array.from({ length: 24 }, (_, n) => `<<t>${n}>`).join('')}\nt = s\n${Array.from({ length: 24 }, (_, n) => `s${n} = <t>`).join('\n')}\n`,
  ),
  'tags of sections': filter(
    '[Definition]\nfailregex = <Init/a> <known/b> <DEFAULT/c> <nowhere/d> <e/f>\nb = two\n[Init]\na = one\n[DEFAULT]\nc = three\n[e]\n',
  ),
  'a group with the name of an option': filter(
    '[Definition]\nfailregex = (?P<word>x) (?P=word) <HOST>\nword = y\n',
  ),
  'tags in names with dots': filter('[Definition]\nfailregex = <a.b> <c d> < e> <f\na.b = x\nf = y\n'),
  'options of the jail in a filter': filter(
    '[Definition]\nfailregex = <bantime> <backend> %(backend)s <maxretry> <filter>\n',
    '[j]\nbantime = 5m\n',
  ),
  'a variable that only the second reading has': filter(
    '[Definition]\nfailregex = %(maxretry)s\n',
    '[j]\nmaxretry = 3\n',
  ),
  'a value of Init as a variable': filter('[Definition]\nfailregex = %(a)s\n[Init]\na = 1\n'),
  'an option of the jail as a variable': filter(
    '[Definition]\nfailregex = %(a)s\n',
    '[j]\nfilter = f[a=1]\n',
  ),
  'everything that a filter has': filter(
    '[Definition]\nprefregex = ^p <F-CONTENT>.+</F-CONTENT>$\nfailregex = a\nignoreregex = b\n\n  c\nmaxlines = 4\ndatepattern = %%Y\n  {NONE}\njournalmatch = A=1 + B="2 3"\n  C=4\nusedns = No\n',
  ),
  'a jail that overrides its filter': filter(
    '[Definition]\nfailregex = a\nignoreregex = b\nmaxlines = 4\ndatepattern = %%Y\nprefregex = p\njournalmatch = A=1\nusedns = no\n',
    '[j]\nfailregex = %(known/failregex)s\n  mine\nignoreregex =\nmaxlines = 2\nprefregex = q\njournalmatch = B=2\nusedns = raw\n[k]\ndatepattern = %%d\n[l]\ndatepattern = %(known/datepattern)s\n',
  ),
  'a filter whose Init overrides': filter(
    '[Definition]\nfailregex = a\nmaxlines = 4\n[Init]\nmaxlines = 5\nfailregex = i\nusedns = yes\ndatepattern = x\nprefregex = p\n',
    '[j]\nmaxlines = 2\nfailregex = mine\nusedns = no\ndatepattern = y\nprefregex = q\n[k]\n[l]\nfilter = f[maxlines=9]\n',
  ),
  'lines that are no number': filter('[Definition]\nfailregex = a\nmaxlines = few\n'),
  logtype: filter(
    '[Definition]\nfailregex = <logtype> <_<logtype>>\n_file = F\n_journal = J\n',
    '[j]\n[k]\nbackend = systemd\n[l]\nfilter = f[logtype=x]\n[m]\nfilter = f[logtype=""]\n',
  ),
  'logtype of the filter': filter('[Definition]\nfailregex = <logtype>\nlogtype = own\n'),
  'logtype of DEFAULT and Init': filter(
    '[DEFAULT]\nlogtype = d\n[Definition]\nfailregex = <logtype>\n[Init]\nlogtype = i\n',
  ),
  'quotes in a journalmatch': filter(
    '[Definition]\nfailregex = a\njournalmatch = "A=1 2"B \'C="3"\' D\\ E "F\\"G\\x" # H\n',
  ),
  'a quote that does not close': filter(
    '[Definition]\nfailregex = a\njournalmatch = "A=1\n',
    '[j]\n[k]\njournalmatch =\n',
  ),
  'a filter over several files': jails('[j]\n', {
    'filter.d/f.local': '[Definition]\nfailregex = %(known/failregex)s\n  local\n',
    'filter.d/f.d/x.conf': '[Definition]\nfailregex = %(known/failregex)s\n  drop-in\n',
    'filter.d/f.d/y.local': '[Definition]\nignoreregex = last\n',
  }),
  'a filter that is only local': jails('[j]\nfilter = g\n', {
    'filter.d/g.local': '[Definition]\nfailregex = g\n',
  }),
  'includes before and after': jails('[j]\n', {
    'filter.d/f.conf':
      '[INCLUDES]\nbefore = one.conf\n  two.conf\nafter = three.conf\n[Definition]\nfailregex = %(a)s %(b)s %(c)s %(d)s\nb = own\nc = own\n',
    'filter.d/one.conf': '[INCLUDES]\nbefore = zero.conf\n[Definition]\na = one\nb = one\nd = one\n',
    'filter.d/zero.conf': '[Definition]\nd = zero\n[DEFAULT]\na = zero\n',
    'filter.d/two.conf': '[Definition]\na = two\n',
    'filter.d/two.local': '[Definition]\na = %(known/a)s local\n',
    'filter.d/three.conf': '[Definition]\nc = three\n',
  }),
  'includes that are not there': jails('[j]\n', {
    'filter.d/f.conf':
      '[INCLUDES]\nbefore = nothing.conf\nafter = nothing.local\n[Definition]\nfailregex = a\n',
  }),
  'an include of which there is only the local file': jails('[j]\n', {
    'filter.d/f.conf': '[INCLUDES]\nbefore = one.conf\n[Definition]\nfailregex = %(a)s\n',
    'filter.d/one.local': '[Definition]\na = local\n',
  }),
  'includes by reference': jails('[j]\n', {
    'filter.d/f.conf':
      '[DEFAULT]\nname = one\n[INCLUDES]\nbefore = %(name)s.conf\n[Definition]\nfailregex = %(a)s\n',
    'filter.d/one.conf': '[Definition]\na = 1\n',
  }),
  'includes in a circle': jails('[j]\n', {
    'filter.d/f.conf': '[INCLUDES]\nbefore = one.conf\n[Definition]\nfailregex = %(a)s\n',
    'filter.d/one.conf': '[INCLUDES]\nbefore = f.conf\n[Definition]\na = 1\n',
  }),
  'an include in another folder': jails('[j]\n', {
    'filter.d/f.conf': '[INCLUDES]\nbefore = ../shared/x.conf\n[Definition]\nfailregex = %(a)s\n',
    'shared/x.conf': '[INCLUDES]\nbefore = y.conf\n[Definition]\na = %(b)s\n',
    'shared/y.conf': '[Definition]\nb = y\n',
  }),
  'sections with conditions in jail.conf': jails('[j?x=1]\nbantime = 1m\n[j]\nbantime = 2m\n'),
  'KNOWN as a section': jails('[KNOWN/j]\nbantime = 1m\n[j]\nbantime = %(known/bantime)s\n'),
  'a filter with a line that cannot be read': filter(
    '[Definition]\nfailregex = a\nnonsense\n',
    '[j]\n[k]\nfilter =\n',
  ),
  'a filter with an option twice': filter('[Definition]\nfailregex = a\nfailregex = b\n'),
  'a filter with a section twice': filter('[Definition]\nfailregex = a\n[Definition]\nignoreregex = b\n'),
  'a filter without a section': filter('failregex = a\n'),
  'DEFAULT twice': jails('[j]\nbantime = 1m\n[DEFAULT]\nfindtime = 3m\n[k]\n'),
  'options that nobody knows': jails('[j]\nbantme = 5m\nmode = x\nfilter = f[kind=%(mode)s]\n'),
};

/** What fail2ban refuses whole: here the sound jails still count. */
export const refusedWhole: Readonly<Record<string, Files>> = {
  'a jail twice': jails('[j]\nbantime = 1m\n[j]\nfindtime = 1m\n[k]\n'),
  'an option twice': jails('[j]\nbantime = 1m\nbantime = 2m\n[k]\n'),
  'a bracket that does not close': jails('[k]\n', { 'jail.local': '[j\nbantime = 1m\n' }),
  'a line that says nothing': jails('[j]\nnonsense\n[k]\n'),
  'a value without a name': jails('[j]\n= 5\n[k]\n'),
};
