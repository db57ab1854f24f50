import createCache from '@emotion/cache'
import { CacheProvider } from '@emotion/react'
import { ThemeProvider } from '@mui/material/styles'
import type { ReactNode } from 'react'
import { AppearanceProvider } from '../contexts/appearance'
import { AnnounceProvider } from '../hooks/use-announce'
import { pageNonce } from '../lib/page-nonce'
import { AppStyles } from './theme/global-styles'
import { theme } from './theme/theme'

const cache = createCache({ key: 'w', nonce: pageNonce(), prepend: true })

/** Everything that does not depend on who is signed in. The theme attribute is ours (contexts/appearance), so Material-UI stores and sets nothing. */
export function Providers({ children }: { children: ReactNode }) {
  return (
    <CacheProvider value={cache}>
      <ThemeProvider theme={theme} storageManager={null} colorSchemeNode={null}>
        <AppStyles />
        <AppearanceProvider>
          <AnnounceProvider>{children}</AnnounceProvider>
        </AppearanceProvider>
      </ThemeProvider>
    </CacheProvider>
  )
}
