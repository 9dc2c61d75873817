/** How an operation words a code, as far as that differs from the table of errors. */
export interface Form {
  code: string
  status?: number
  message?: string
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
    for (const { code, status = own.status, message = own.message } of [
      ...Object.values(wording),
      ram.deniedAs ?? own,
    ]) {
      if (code !== own.code || (status === own.status && message === own.message)) continue
      const form = forms.get(`${status} ${message}`) ?? { ...own, status, message, by: [] }
      forms.set(`${status} ${message}`, { ...form, by: [...new Set([...form.by, action])] })
    }
  }
  return [...forms.values()]
}
