import { fhirRead, isJson, items, textAt, type Json } from './fhir'

/** Who made a version and for what reason, where the record says so. */
export interface Maker { who: string; activity: string; reason: string; at: string }

const words = (concept: unknown): string => {
  if (!isJson(concept)) return ''
  const coding = items(concept.coding)[0]
  return textAt(concept, 'text') || textAt(coding, 'display') || textAt(coding, 'code')
}

/** `FAMILY, Given` of a person's resource. */
function nameOf(person: Json): string {
  const name = items(person.name)[0]
  const given = Array.isArray(name?.given) ? name.given.filter((g) => typeof g === 'string').join(' ') : ''
  return textAt(name, 'text') || [textAt(name, 'family'), given].filter(Boolean).join(', ')
}

function maker(provenance: Json, names: ReadonlyMap<string, string>): Maker {
  const agent = items(provenance.agent)[0]
  const who = isJson(agent?.who) ? agent.who : undefined
  return { who: textAt(who, 'display') || names.get(textAt(who, 'reference')) || textAt(who, 'reference'), activity: words(provenance.activity), reason: items(provenance.reason).map(words).filter(Boolean).join('; '), at: textAt(provenance, 'recorded') }
}

/** Who made each version of a record, by version. Empty where nothing is said or one may not see it. */
export async function makersOf(place: string): Promise<ReadonlyMap<string, Maker>> {
  const answer = await fhirRead(`Provenance?target=${encodeURIComponent(place)}&_include=Provenance:agent&_count=100`)
  const found = new Map<string, Maker>()
  if (!('body' in answer)) return found
  const all = items(answer.body.entry).flatMap((e) => (isJson(e.resource) ? [e.resource] : []))
  const names = new Map(all.filter((r) => textAt(r, 'resourceType') !== 'Provenance').map((r) => [`${textAt(r, 'resourceType')}/${textAt(r, 'id')}`, nameOf(r)]))
  for (const resource of all) {
    if (textAt(resource, 'resourceType') !== 'Provenance') continue
    for (const target of items(resource.target)) {
      const version = new RegExp(`^${place}/_history/(\\w+)$`).exec(textAt(target, 'reference'))?.[1]
      if (version) found.set(version, maker(resource, names))
    }
  }
  return found
}
