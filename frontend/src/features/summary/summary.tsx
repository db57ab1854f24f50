import { useState } from 'react'
import { Trend } from '../../components/clinical/trend'
import type { FragmentType } from '../../gql'
import { useMedia } from '../../hooks/use-media'
import { Allergies, type AllergiesFragment, Encounters, type EncountersFragment, Immunizations, type ImmunizationsFragment, Medications, type MedicationsFragment, Problems, type ProblemsFragment } from './lists'
import { CareTeam, type CareTeamFragment, Consents, type ConsentsFragment, Contacts, type ContactsFragment } from './people'
import { Since, type SinceFragment } from './since'
import { Labs, type LabsFragment, Vitals, type VitalsFragment } from './results'
import { Gaps, type GapsFragment, type InstrumentsFragment, Notes, type NotesFragment, Scores, type ScoresFragment } from './written'
import css from './summary.module.css'

export type SummaryOf =
  & FragmentType<typeof ProblemsFragment> & FragmentType<typeof AllergiesFragment> & FragmentType<typeof EncountersFragment>
  & FragmentType<typeof MedicationsFragment> & FragmentType<typeof ImmunizationsFragment>
  & FragmentType<typeof VitalsFragment> & FragmentType<typeof LabsFragment>
  & FragmentType<typeof CareTeamFragment> & FragmentType<typeof ContactsFragment> & FragmentType<typeof ConsentsFragment>
  & FragmentType<typeof NotesFragment> & FragmentType<typeof ScoresFragment> & FragmentType<typeof GapsFragment> & FragmentType<typeof SinceFragment>

/** One column under the other. */
const NARROW = '(max-width: 899px)'

/** The first page of a chart. What is under another comes after it in reading too: in one column the signs come before the visits. `tab` gives the address of a part's own page. */
export function SummaryView({ of, instruments, patientId, timeline, visit, tab }: { of: SummaryOf | undefined; instruments: FragmentType<typeof InstrumentsFragment> | undefined; patientId: string; timeline: (day: string) => string; visit: (encounter: string) => string; tab: (name: 'problems' | 'allergies' | 'encounters' | 'results' | 'medications' | 'immunizations' | 'vitals' | 'care' | 'demographics' | 'notes' | 'questionnaires') => string }) {
  const [open, setOpen] = useState<{ code: string; title: string } | null>(null)
  const narrow = useMedia(NARROW)
  const visits = <><Encounters of={of} to={tab('encounters')} /><Notes of={of} to={tab('notes')} /><CareTeam of={of} to={tab('care')} /></>
  return (
    <div className={css.all}>
    <Since of={of} timeline={timeline} visit={visit} />
    <div className={open ? `${css.sheet ?? ''} ${css.withTrend ?? ''}` : css.sheet}>
      <div className={css.column} tabIndex={0} role="group" aria-label={narrow ? 'Problems' : 'Problems and encounters'}>
        <Problems of={of} to={tab('problems')} />
        <Allergies of={of} to={tab('allergies')} />
        {!narrow && visits}
      </div>
      <div className={`${css.column ?? ''} ${css.signs ?? ''}`} tabIndex={0} role="group" aria-label="Results">
        <Vitals of={of} open={open?.code} onOpen={setOpen} to={tab('vitals')} />
        <Labs of={of} open={open?.code} onOpen={setOpen} to={tab('results')} />
      </div>
      <div className={css.column} tabIndex={0} role="group" aria-label={narrow ? 'Treatment and encounters' : 'Treatment'}>
        <Medications of={of} to={tab('medications')} />
        {narrow && visits}
        <Gaps of={of} />
        <Immunizations of={of} to={tab('immunizations')} />
        <Scores of={of} by={instruments} to={tab('questionnaires')} />
        <Contacts of={of} to={tab('demographics')} />
        <Consents of={of} to={tab('demographics')} />
      </div>
      {open && <Trend key={open.code} patient={patientId} code={open.code} title={open.title} beside onClose={() => setOpen(null)} />}
    </div>
    </div>
  )
}
