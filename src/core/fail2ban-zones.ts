import { asciiDigits } from './decimal-digits.ts';

/**
 * Abbreviations of zones by the minutes that they are ahead of UTC, as fail2ban 1.0 and 1.1 read them: each has one
 * meaning, whatever the season and the place.
 */
const abbreviations: Readonly<Record<string, string>> = {
  '-720': 'Y',
  '-660': 'NUT SST X',
  '-600': 'CKT HAST HST TAHT TKT W',
  '-570': 'MART MIT',
  '-540': 'AKST GAMT GIT HADT HNY V',
  '-480': 'AKDT CIST HAY HNP PST PT U',
  '-420': 'HAP HNR MST PDT T',
  '-360': 'CST EAST GALT HAR HNC MDT S',
  '-300': 'CDT COT EASST ECT EST ET HAC HNE PET R',
  '-270': 'HLV VET',
  '-240': 'AST BOT CLT COST EDT FKT GYT HAE HNA PYT Q',
  '-210': 'HNT NST NT',
  '-180': 'ADT ART BRT CLST FKST GFT HAA P PMST PYST SRT UYT WGT',
  '-150': 'HAT NDT',
  '-120': 'BRST FNT O PMDT UYST WGST',
  '-60': 'AZOT CVT EGT N',
  '0': 'EGST GMT UTC WET WT Z',
  '60': 'A CET DFT WAT WEDT WEST',
  '120': 'B CAT CEDT CEST EET SAST WAST',
  '180': 'C EAT EEDT EEST IDT MSK',
  '210': 'IRST',
  '240': 'AMT AZT D GET GST KUYT MSD MUT RET SAMT SCT',
  '270': 'AFT IRDT',
  '300': 'AMST AQTT AZST E HMT MAWT MVT PKT TFT TJT TMT UZT YEKT',
  '330': 'SLT',
  '345': 'NPT',
  '360': 'ALMT BIOT BTT F IOT KGT NOVT OMST YEKST',
  '390': 'CCT MMT',
  '420': 'CXT DAVT G HOVT ICT KRAT NOVST OMSST THA WIB',
  '480': 'ACT AWST BDT BNT CAST H HKT IRKT KRAST MYT PHT SGT ULAT WITA WST',
  '540': 'AWDT I IRKST JST KST PWT TLT WDT WIT YAKT',
  '570': 'ACST',
  '600': 'AEST K PGT VLAT YAKST YAPT',
  '630': 'ACDT LHST',
  '660': 'AEDT L LHDT MAGT NCT PONT SBT VLAST VUT',
  '690': 'NFT',
  '720': 'ANAST ANAT FJT GILT M MAGST MHT NZST PETST PETT TVT WFT',
  '780': 'FJST NZDT',
};

const minutesOf: ReadonlyMap<string, number> = new Map(
  Object.entries(abbreviations).flatMap(([minutes, names]) =>
    names.split(' ').map((name): [string, number] => [name, Number(minutes)]),
  ),
);

const form = /^([A-Z](?:[A-Z]{2,4})?)?(?:([+-])([01]\d)(?::?(\d\d))?)?$/;

/**
 * Minutes ahead of UTC of a zone as fail2ban writes it (`logtimezone`, `%z`, `%Z`): `CET`, `+0130`, `-05:00`, `UTC+02`.
 * Null for what it does not know: names of regions, and abbreviations in small letters.
 */
export function fail2banZoneMinutes(text: string): number | null {
  const parts = form.exec(asciiDigits(text));
  if (parts === null) return null;
  const [, name = 'UTC', sign = '+', hours = '0', minutes = '0'] = parts;
  const base = minutesOf.get(name);
  if (base === undefined) return null;
  return base + (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
