/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** The id of this build; missing in the design harness. */
  readonly VITE_BUILD?: string
}
