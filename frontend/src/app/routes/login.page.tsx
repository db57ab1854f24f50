import { useLoaderData, useNavigate, useSearchParams } from 'react-router'
import { SignInForm } from '../../features/sign-in/sign-in-form'
import { useTitle } from '../../hooks/use-title'
import { endedMessage, readEnded, safeNext, type Config } from '../../lib/auth'
import { Logo } from '../shell/logo'
import css from './login.module.css'

/** The door: who are you, and what kind of installation is this. */
export function LoginPage() {
  const config = useLoaderData<Config>()
  const navigate = useNavigate()
  const [query] = useSearchParams()
  useTitle('Sign in')
  const ended = readEnded(query.get('ended'))
  const next = safeNext(query.get('next'))
  return (
    <main className={css.page}>
      <section className={css.panel} aria-labelledby="sign-in">
        <div className={css.mark}>
          <Logo size={34} />
          <span className={css.name}>WintEHR</span>
          {config.demo ? <span className={css.demo}>DEMO</span> : config.environment && <span className={css.environment}>{config.environment}</span>}
        </div>
        <h1 id="sign-in" className={css.title}>Sign in</h1>
        {ended ? <p className={css.ended} role="status">{endedMessage(ended)}{next !== '/' && ' You come back to where you were.'}</p>
          : next !== '/' && <p className={css.ended} role="status">Sign in to see the page that you asked for.</p>}
        <SignInForm demoUsers={config.demoUsers} onSignedIn={() => { void navigate(next, { replace: true }) }} />
      </section>
    </main>
  )
}
