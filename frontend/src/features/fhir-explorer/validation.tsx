import Button from '@mui/material/Button'
import NativeSelect from '@mui/material/NativeSelect'
import { useEffect, useState } from 'react'
import { Loading } from '../../components/ui/states'
import { useAnnounce } from '../../hooks/use-announce'
import { fhirRead, fhirValidate, foundPage, isJson, issuesOf, textAt, type FhirFailure, type FhirIssue, type Json } from '../../lib/fhir'
import css from './explorer.module.css'
import { Issues, Refused } from './results'

interface Profile { url: string; name: string }
/** The profiles of a type that are stored; `more` when there are others beyond the first page. */
type Profiles = { state: 'loading' } | { state: 'refused' } | { state: 'read'; all: readonly Profile[]; more: boolean }
type Said = { state: 'none' } | { state: 'asking' } | { state: 'failed'; failure: FhirFailure } | { state: 'said'; issues: readonly FhirIssue[] }

/** What the server says of a document: by R4 and the profiles it claims, and by one that is chosen. */
export function Validation({ of }: { of: Json }) {
  const announce = useAnnounce()
  const type = textAt(of, 'resourceType')
  const [profiles, setProfiles] = useState<Profiles>({ state: 'loading' })
  const [profile, setProfile] = useState('')
  const [said, setSaid] = useState<Said>({ state: 'none' })
  useEffect(() => {
    let current = true
    void fhirRead(`StructureDefinition?type=${type}&derivation=constraint&_elements=url,name,title&_count=100`).then((answer) => {
      if (!current) return
      if ('failure' in answer) { setProfiles({ state: 'refused' }); return }
      const page = foundPage(answer.body)
      setProfiles({ state: 'read', more: page.next !== null, all: page.matches.map((one) => ({ url: textAt(one, 'url'), name: textAt(one, 'title') || textAt(one, 'name') })).filter((one) => one.url) })
    })
    return () => { current = false }
  }, [type])
  const claimed = isJson(of.meta) && Array.isArray(of.meta.profile) ? of.meta.profile.map(String) : []
  const validate = async () => {
    setSaid({ state: 'asking' })
    const answer = await fhirValidate(of, profile)
    if ('failure' in answer) { setSaid({ state: 'failed', failure: answer.failure }); return }
    const issues = issuesOf(answer.body)
    setSaid({ state: 'said', issues })
    announce(`Validated: ${issues.length === 1 ? 'one issue' : `${issues.length} issues`}`)
  }
  const grave = said.state === 'said' ? said.issues.filter((issue) => issue.severity === 'error' || issue.severity === 'fatal').length : 0
  return (
    <div className={css.validation}>
      <p>By R4{claimed.length > 0 ? ` and what it claims to follow: ${claimed.join(', ')}` : '; it claims to follow no profile'}. Nothing is stored.</p>
      <div className={css.acts}>
        {profiles.state === 'loading' ? <span className={css.of}>Looking for profiles …</span>
          : profiles.state === 'refused' ? <span className={css.of}>The profiles of this server could not be read.</span>
          : profiles.all.length === 0 ? <span className={css.of}>No profile of {type} is stored here.</span>
          : (
            <NativeSelect value={profile} onChange={(e) => { setProfile(e.target.value); setSaid({ state: 'none' }) }} inputProps={{ 'aria-label': 'Profile' }}>
              <option value="">No further profile</option>
              {profiles.all.map((one) => <option key={one.url} value={one.url}>{one.name ? `${one.name} (${one.url})` : one.url}</option>)}
            </NativeSelect>
          )}
        {profiles.state === 'read' && profiles.more && <span className={css.of}>The first 100 profiles only.</span>}
        <Button variant="outlined" disabled={said.state === 'asking'} onClick={() => { void validate() }}>Validate</Button>
      </div>
      {said.state === 'asking' && <Loading rows={3} label="issues" />}
      {said.state === 'failed' && <Refused failure={said.failure} what="validation" />}
      {said.state === 'said' && (
        <>
          <p><strong>{grave === 0 ? 'No error.' : grave === 1 ? 'One error.' : `${grave} errors.`}</strong> {said.issues.length === 1 ? 'One issue' : `${said.issues.length} issues`} in all.</p>
          <Issues of={said.issues} label="Issues" />
        </>
      )}
    </div>
  )
}
