import { createBrowserRouter, redirectDocument } from 'react-router'
import { Failed, Starting } from '../app/routes/failed.page'
import { Shell } from '../app/shell/shell'
import { signedInAt } from '../app/signed-in'
import { PlaygroundPage } from './playground.page'

/** One route, in the same shell; every other address belongs to the other document, so links there load it. */
export const router = createBrowserRouter([
  {
    id: 'shell',
    path: '/',
    loader: signedInAt(redirectDocument),
    shouldRevalidate: () => false,
    errorElement: <Failed />,
    hydrateFallbackElement: <Starting />,
    element: <Shell document="playground" />,
    children: [
      { path: 'playground', element: <PlaygroundPage /> },
      { path: '*', loader: ({ request }) => redirectDocument(new URL(request.url).pathname) },
    ],
  },
])
