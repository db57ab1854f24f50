import type { ReactNode } from 'react'
import { NavLink } from 'react-router'
import css from './administration.module.css'

/** The pages of those who run the house. */
export function AdministrationFrame({ children }: { children: ReactNode }) {
  return (
    <main className={css.view}>
      <header className={css.head}>
        <h1>Administration</h1>
        <nav aria-label="Administration">
          <NavLink to="/administration/audit">Audit</NavLink>
          <NavLink to="/administration/users">Users</NavLink>
          <NavLink to="/administration/roles">Roles</NavLink>
          <NavLink to="/administration/apps">Applications</NavLink>
          <NavLink to="/administration/emergencies">Emergency access</NavLink>
          <NavLink to="/administration/grants">Grants</NavLink>
        </nav>
      </header>
      {children}
    </main>
  )
}
