// Where a data folder has its certificate authority; commands look there without loading what makes it.

export const AUTHORITY_FILE = "authority.pem";
