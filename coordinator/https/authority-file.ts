// Where commands find the certificate authority of this machine, without loading what makes it.

/** Where `serve` keeps its data when nobody says otherwise. */
export const DATA_FOLDER = ".tabswarm";
/** In a data folder. */
export const AUTHORITY_FILE = "authority.pem";
