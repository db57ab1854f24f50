import { createBrowserRouter, redirect, redirectDocument, type LoaderFunctionArgs } from 'react-router'
import { isOver, loadConfig, loadSession, safeNext } from '../lib/auth'
import { home } from '../lib/permissions'
import { Failed, Starting } from './routes/failed.page'
import { PageFailed } from './shell/page-failed'
import { signedInAt } from './signed-in'

async function signedOut({ request }: LoaderFunctionArgs) {
  const [config, session] = await Promise.all([loadConfig(), loadSession()])
  if (!isOver(session)) throw redirect(safeNext(new URL(request.url).searchParams.get('next')))
  return config
}

async function firstPage() {
  const [config, session] = await Promise.all([loadConfig(), loadSession()])
  return isOver(session) ? redirect('/login') : redirect(home(session, config))
}

export const router = createBrowserRouter([
  {
    path: '/login',
    loader: signedOut,
    errorElement: <Failed />,
    hydrateFallbackElement: <Starting />,
    lazy: async () => ({ Component: (await import('./routes/login.page')).LoginPage }),
  },
  {
    id: 'shell',
    path: '/',
    loader: signedInAt(redirect),
    shouldRevalidate: ({ currentUrl }) => currentUrl.pathname === '/login',
    errorElement: <Failed />,
    hydrateFallbackElement: <Starting />,
    lazy: async () => ({ Component: (await import('./shell/shell')).Shell }),
    // A page that breaks leaves the shell standing.
    children: [
      {
        errorElement: <PageFailed />,
        children: [
          { index: true, loader: firstPage, element: <Starting /> },
          { path: 'patients', lazy: async () => ({ Component: (await import('./routes/patients.page')).PatientsPage }) },
          { path: 'inpatients', lazy: async () => ({ Component: (await import('./routes/inpatients.page')).InpatientsPage }) },
          { path: 'encounters', lazy: async () => ({ Component: (await import('./routes/house-encounters.page')).HouseEncountersPage }) },
          { path: 'schedule', lazy: async () => ({ Component: (await import('./routes/schedule.page')).SchedulePage }) },
          { path: 'inbox', lazy: async () => ({ Component: (await import('./routes/inbox.page')).InboxPage }) },
          { path: 'patients/:id', loader: ({ params }) => redirect(`/patients/${params.id ?? ''}/clinical/summary`), element: <Starting /> },
          { path: 'patients/:id/clinical/summary', lazy: async () => ({ Component: (await import('./routes/summary.page')).SummaryPage }) },
          { path: 'patients/:id/clinical/timeline', lazy: async () => ({ Component: (await import('./routes/timeline.page')).TimelinePage }) },
          { path: 'patients/:id/clinical/demographics', lazy: async () => ({ Component: (await import('./routes/demographics.page')).DemographicsPage }) },
          { path: 'patients/:id/clinical/problems', lazy: async () => ({ Component: (await import('./routes/problems.page')).ProblemsPage }) },
          { path: 'patients/:id/clinical/medications', lazy: async () => ({ Component: (await import('./routes/medications.page')).MedicationsPage }) },
          { path: 'patients/:id/clinical/allergies', lazy: async () => ({ Component: (await import('./routes/allergies.page')).AllergiesPage }) },
          { path: 'patients/:id/clinical/immunizations', lazy: async () => ({ Component: (await import('./routes/immunizations.page')).ImmunizationsPage }) },
          { path: 'patients/:id/clinical/procedures', lazy: async () => ({ Component: (await import('./routes/procedures.page')).ProceduresPage }) },
          { path: 'patients/:id/clinical/family', lazy: async () => ({ Component: (await import('./routes/family.page')).FamilyPage }) },
          { path: 'patients/:id/clinical/vitals', lazy: async () => ({ Component: (await import('./routes/vitals.page')).VitalsPage }) },
          { path: 'patients/:id/clinical/results', lazy: async () => ({ Component: (await import('./routes/results.page')).ResultsPage }) },
          { path: 'patients/:id/clinical/calculators', lazy: async () => ({ Component: (await import('./routes/calculators.page')).CalculatorsPage }) },
          { path: 'patients/:id/clinical/notes', lazy: async () => ({ Component: (await import('./routes/notes.page')).NotesPage }) },
          { path: 'patients/:id/clinical/questionnaires', lazy: async () => ({ Component: (await import('./routes/questionnaires.page')).QuestionnairesPage }) },
          { path: 'patients/:id/clinical/documents', lazy: async () => ({ Component: (await import('./routes/documents.page')).DocumentsPage }) },
          { path: 'patients/:id/clinical/care', lazy: async () => ({ Component: (await import('./routes/care.page')).CarePage }) },
          { path: 'patients/:id/clinical/encounters', lazy: async () => ({ Component: (await import('./routes/encounters.page')).EncountersPage }) },
          { path: 'patients/:id/clinical/encounters/:encounter', lazy: async () => ({ Component: (await import('./routes/encounter.page')).EncounterPage }) },
          // A document of its own: its editor needs a looser style policy than the chart has.
          { path: 'playground', loader: () => redirectDocument('/playground'), element: <Starting /> },
          { path: 'docs', lazy: async () => ({ Component: (await import('./routes/docs.page')).DocsPage }) },
          { path: 'fhir-explorer', lazy: async () => ({ Component: (await import('./routes/fhir-explorer.page')).FhirExplorerPage }) },
          { path: 'administration', loader: () => redirect('/administration/audit'), element: <Starting /> },
          { path: 'administration/audit', lazy: async () => ({ Component: (await import('./routes/audit.page')).AuditPage }) },
          { path: 'administration/users', lazy: async () => ({ Component: (await import('./routes/users.page')).UsersPage }) },
          { path: 'administration/roles', lazy: async () => ({ Component: (await import('./routes/roles.page')).RolesPage }) },
          { path: 'administration/apps', lazy: async () => ({ Component: (await import('./routes/apps.page')).AppsPage }) },
          { path: 'administration/grants', lazy: async () => ({ Component: (await import('./routes/grants.page')).GrantsPage }) },
          { path: 'administration/emergencies', lazy: async () => ({ Component: (await import('./routes/emergencies.page')).EmergenciesPage }) },
          { path: 'settings', lazy: async () => ({ Component: (await import('./routes/settings.page')).SettingsPage }) },
          { path: '*', lazy: async () => ({ Component: (await import('./routes/not-found.page')).NotFoundPage }) },
        ],
      },
    ],
  },
])
