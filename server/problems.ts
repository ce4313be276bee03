import type { z } from 'zod'

const MOST_TOLD = 5

/** What does not fit, each by its field and why, as one line for a person; `within` names the whole. */
export function problemsOf(error: z.ZodError, within = ''): string {
  const told = error.issues.slice(0, MOST_TOLD).map((issue) => {
    const field = [...(within === '' ? [] : [within]), ...issue.path.map(String)].join('.')
    const why = issue.code === 'unrecognized_keys' ? `has no ${issue.keys.slice(0, 3).join(', ')}` : issue.message
    return field === '' ? why : `${field}: ${why}`
  })
  return [...new Set(told)].join('; ').slice(0, 500)
}
