/** How an operation words a code, as far as that differs from the table of errors. */
export interface Form {
  code: string
  status?: number
  message?: string
  documented?: string
}

/** A code with a status and a message that belong together. */
export interface ErrorForm {
  code: string
  status: number
  /** Status of the later notice, where it was seen. */
  notice: number | undefined
  message: string
  documented: string
  /** The operations that word it so; none where it is the form of the table itself. */
  by: string[]
}

/** What the forms are found in. */
export interface FormSource {
  served: readonly {
    action: string
    wording: Readonly<Record<string, Form>>
    ram: { deniedAs?: Form }
  }[]
  errors: Readonly<Record<string, { status: number; message: string; documented: string }>>
  notice: Readonly<Record<string, number>>
}

/** Every form of every code: first that of the table, then those in which operations differ from it. */
export function errorForms(source: FormSource): ErrorForm[] {
  return Object.entries(source.errors).flatMap(([code, { status, message, documented }]) => {
    const own = { code, status, notice: source.notice[code], message, documented, by: [] }
    return [own, ...otherForms(own, source)]
  })
}

function otherForms(own: ErrorForm, { served }: FormSource): ErrorForm[] {
  const forms = new Map<string, ErrorForm>()
  for (const { action, wording, ram } of served) {
    for (const form of [...Object.values(wording), ram.deniedAs ?? own]) {
      const { status = own.status, message = own.message, documented = own.documented } = form
      if (form.code !== own.code || (status === own.status && message === own.message)) continue
      const by = forms.get(`${status} ${message}`)?.by ?? []
      forms.set(`${status} ${message}`, { ...own, status, message, documented, by: [...new Set([...by, action])] })
    }
  }
  return [...forms.values()]
}
