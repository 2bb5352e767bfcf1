/** The profile that tables use unless told otherwise: the class of machine of the source slides. */
export const DEFAULT_PROFILE = 'pentium4';
