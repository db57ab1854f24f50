import { useLoaderData, useNavigate, useSearchParams } from 'react-router'
import { SignInForm } from '../../features/sign-in/sign-in-form'
import { useTitle } from '../../hooks/use-title'
import { safeNext, type Config } from '../../lib/auth'
import { Logo } from '../shell/logo'
import css from './login.module.css'

/** The door: who are you, and what kind of installation is this. */
export function LoginPage() {
  const config = useLoaderData<Config>()
  const navigate = useNavigate()
  const [query] = useSearchParams()
  useTitle('Sign in')
  return (
    <main className={css.page}>
      <section className={css.panel} aria-labelledby="sign-in">
        <div className={css.mark}>
          <Logo size={34} />
          <span className={css.name}>WintEHR</span>
          {config.demo && <span className={css.demo}>DEMO</span>}
        </div>
        <h1 id="sign-in" className={css.title}>Sign in</h1>
        {query.get('ended') && <p className={css.ended} role="status">You are signed out.</p>}
        <SignInForm demoUsers={config.demoUsers} onSignedIn={() => { void navigate(safeNext(query.get('next')), { replace: true }) }} />
      </section>
    </main>
  )
}
