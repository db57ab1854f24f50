import PrintOutlined from '@mui/icons-material/PrintOutlined'
import Button from '@mui/material/Button'

/** Prints the page as it stands, with what is loaded on it. */
export const PrintButton = ({ what = 'Print' }: { what?: string }) => <Button variant="outlined" startIcon={<PrintOutlined sx={{ fontSize: 18 }} />} onClick={() => window.print()}>{what}</Button>
