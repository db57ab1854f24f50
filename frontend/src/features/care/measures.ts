import { codeOf } from '../../components/clinical/observation'
import { graphql, read, type FragmentType } from '../../gql'
import type { Interpretation, MeasuredFragment } from '../../gql/graphql'

/** What was measured last, by its code, with its parts, such as blood pressure. */
export const Measured = graphql(`
  fragment Measured on LatestResult {
    code { text codings { system code } }
    series { at value }
    components { code { codings { system code } } series { at value } }
    observation {
      id effectiveAt interpretation
      value { __typename ... on Quantity { value unit code comparator } }
      components { code { text codings { system code } } interpretation value { __typename ... on Quantity { value unit code comparator } } }
    }
  }
`)

type Coded = MeasuredFragment['code']
type Quantity = Extract<NonNullable<MeasuredFragment['observation']['value']>, { __typename: 'Quantity' }>
/** One number that is measured. `of`: the code whose trend has it, which for a part is that of the whole. */
export interface Measure { name: string; code: Coded; of: string | null; observation: string; at: string | null; quantity: Quantity; interpretation: Interpretation | null; points: readonly { at: string; value: string }[] }

const keys = (code: { codings: readonly { system?: string | null; code?: string | null }[] } | null | undefined): string[] => code?.codings.flatMap((c) => (c.code ? [`${c.system ?? ''}|${c.code}`] : [])) ?? []
const same = (a: Parameters<typeof keys>[0], b: Parameters<typeof keys>[0]): boolean => { const mine = keys(a); return keys(b).some((key) => mine.includes(key)) }

/** Every number among the newest results: of a whole, or of its parts. */
export function measuresOf(latest: readonly FragmentType<typeof Measured>[]): Measure[] {
  return latest.flatMap((masked) => {
    const one = read(Measured, masked)
    const { id, effectiveAt, value, components, interpretation } = one.observation
    const base = { of: codeOf(one.code), observation: id, at: effectiveAt ?? null }
    return [
      ...(value?.__typename === 'Quantity' ? [{ ...base, name: one.code.text, code: one.code, quantity: value, interpretation: interpretation ?? null, points: one.series }] : []),
      ...components.flatMap((part) => (part.code && part.value?.__typename === 'Quantity'
        ? [{ ...base, name: part.code.text, code: part.code, quantity: part.value, interpretation: part.interpretation ?? null, points: one.components.find((c) => same(c.code, part.code))?.series ?? [] }] : [])),
    ]
  })
}

/** The newest value of what a goal measures, by any of the codes that both have. */
export const measureOf = (measures: readonly Measure[], code: Parameters<typeof keys>[0]): Measure | undefined => measures.find((m) => same(m.code, code))
