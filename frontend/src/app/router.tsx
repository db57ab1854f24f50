import { createBrowserRouter, redirect, type LoaderFunctionArgs } from 'react-router'
import { loadConfig, loadSession, safeNext } from '../lib/auth'
import { createClient } from '../lib/graphql'
import { Failed, Starting } from './routes/failed.page'

/** What every signed-in route works with. A new sign-in runs this again, so a new person gets an empty cache. */
export async function signedIn({ request }: LoaderFunctionArgs) {
  const [config, session] = await Promise.all([loadConfig(), loadSession()])
  const url = new URL(request.url)
  if (!session) throw redirect(`/login?next=${encodeURIComponent(url.pathname + url.search)}`)
  return { config, session, client: createClient() }
}

async function signedOut({ request }: LoaderFunctionArgs) {
  const [config, session] = await Promise.all([loadConfig(), loadSession()])
  if (session) throw redirect(safeNext(new URL(request.url).searchParams.get('next')))
  return config
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
    loader: signedIn,
    shouldRevalidate: ({ currentUrl }) => currentUrl.pathname === '/login',
    errorElement: <Failed />,
    hydrateFallbackElement: <Starting />,
    lazy: async () => ({ Component: (await import('./shell/shell')).Shell }),
    children: [
      { index: true, loader: () => redirect('/patients') },
      { path: 'patients', lazy: async () => ({ Component: (await import('./routes/patients.page')).PatientsPage }) },
      { path: 'patients/:id', loader: ({ params }) => redirect(`/patients/${params.id ?? ''}/clinical/summary`) },
      { path: 'patients/:id/clinical/summary', lazy: async () => ({ Component: (await import('./routes/summary.page')).SummaryPage }) },
      { path: '*', lazy: async () => ({ Component: (await import('./routes/not-found.page')).NotFoundPage }) },
    ],
  },
])
