import type { Find, Term } from '../act/catalog'

/** Source: ISO 639-1, each of its codes. */
const LANGUAGES = 'aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu'
/** Source: FHIR R4, the value set `languages`, where a land is told. */
const REGIONS = 'de-AT de-CH de-DE en-AU en-CA en-GB en-IN en-NZ en-SG en-US es-AR es-ES es-UY fr-BE fr-CH fr-FR fy-NL it-CH it-IT nl-BE nl-NL no-NO pt-BR ru-RU sr-RS sv-SE zh-CN zh-HK zh-SG zh-TW'
/** Spoken or signed by many patients, and without a code of two letters. Source: the IANA registry of language subtags. */
const FURTHER: Readonly<Record<string, string>> = {
  ase: 'American Sign Language', bfi: 'British Sign Language', fsl: 'French Sign Language', gsg: 'German Sign Language', ssp: 'Spanish Sign Language', mfs: 'Mexican Sign Language',
  cmn: 'Mandarin Chinese', yue: 'Cantonese', nan: 'Min Nan Chinese', fil: 'Filipino', hmn: 'Hmong', haw: 'Hawaiian', chr: 'Cherokee', ckb: 'Central Kurdish', prs: 'Dari', mam: 'Mam', quc: 'K’iche’', kea: 'Kabuverdianu', rom: 'Romany',
  // Two that are known by the name of another.
  tl: 'Tagalog', tw: 'Twi',
}
const TAGS = 'urn:ietf:bcp:47'
const names = new Intl.DisplayNames('en', { type: 'language', languageDisplay: 'standard', fallback: 'none' })

/** The name of a language by its tag of BCP 47; the tag where it has none here. */
export function languageName(tag: string): string {
  try {
    return FURTHER[tag] ?? names.of(tag) ?? tag
  } catch {
    return tag
  }
}

interface Said { text: string; codings: readonly { system?: string | null; code?: string | null }[] }
/** The tag of a language on record; undefined where it is words only. */
export const languageTag = (of: Said | null | undefined): string | undefined => of?.codings.find((c) => c.system === TAGS)?.code ?? undefined
/** A language on record in words: its own, or, where it has none but its tag, the name of that. */
export function languageText(of: Said | null | undefined): string {
  const tag = languageTag(of)
  return tag && of?.text === tag ? languageName(tag) : of?.text ?? ''
}

let all: readonly Term[] | undefined
const known = (): readonly Term[] => (all ??= [...LANGUAGES.split(' '), ...REGIONS.split(' '), ...Object.keys(FURTHER)].filter((tag, i, tags) => tags.indexOf(tag) === i).map((tag) => ({ id: tag, codings: [], text: languageName(tag) })).sort((a, b) => a.text.localeCompare(b.text, 'en')))
/** How many are offered at once. */
const OFFERED = 12
/** Languages by a part of their name, those that begin with it first, or by their tag. */
export const findLanguages: Find = (_client, search) => {
  const words = search.trim().toLowerCase()
  const begins = known().filter((t) => t.text.toLowerCase().startsWith(words) || t.id?.toLowerCase() === words)
  const inside = known().filter((t) => !begins.includes(t) && t.text.toLowerCase().split(/[\s(]+/).some((part) => part.startsWith(words)))
  return Promise.resolve([...begins, ...inside].slice(0, OFFERED))
}
