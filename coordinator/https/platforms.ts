// How a certificate authority is installed, checked and removed on each kind of machine, in words.

type CertificateFile = "tabswarm.crt" | "tabswarm.mobileconfig";

export interface Platform {
  readonly id: string;
  readonly title: string;
  readonly file: CertificateFile;
  /** The browser itself knows what to do with the file; saved, it would be of no use to it. */
  readonly opensFile?: boolean;
  /** `code` and *names of buttons* are marked so. */
  readonly steps: readonly string[];
  readonly removal: string;
}

const windows: Platform = {
  id: "windows",
  title: "Windows: Chrome, Edge, Firefox",
  file: "tabswarm.crt",
  steps: [
    "Download the certificate (keep it, if the browser asks) and open it.",
    "Press *Install Certificate*, choose *Current User*, then *Next*.",
    "Choose *Place all certificates in the following store*, press *Browse*, and take *Trusted Root Certification Authorities*.",
    "Press *Next* and *Finish*. Windows shows the authority once more: press *Yes*.",
    "Close all windows of the browser and open it again.",
  ],
  removal:
    "Press the Windows key and R, type `certmgr.msc`, open *Trusted Root Certification Authorities* and *Certificates*, and delete the one whose name begins with Tabswarm.",
};

const mac: Platform = {
  id: "mac",
  title: "Mac: Safari, Chrome, Firefox",
  file: "tabswarm.crt",
  steps: [
    "Download the certificate (keep it, if the browser asks) and open it. If you are asked for a keychain, choose *login*.",
    "In *Keychain Access*, choose *login* and *Certificates*, and open the one whose name begins with Tabswarm.",
    "Unfold *Trust* and set *When using this certificate* to *Always Trust*.",
    "Close that window and enter your password.",
    "Open the browser again.",
  ],
  removal:
    "In *Keychain Access*, choose *login* and *Certificates*, and delete the one whose name begins with Tabswarm.",
};

const apple: Platform = {
  id: "ios",
  title: "iPhone and iPad",
  file: "tabswarm.mobileconfig",
  opensFile: true,
  steps: [
    "Open this page in Safari, download the profile, and press *Allow*.",
    "Open *Settings*, press *Profile Downloaded* near the top, then *Install*, and enter your passcode.",
    "Now the switch that is easily missed: *Settings*, *General*, *About*, *Certificate Trust Settings*. Switch on the authority whose name begins with Tabswarm.",
    "Open the browser again.",
  ],
  removal:
    "*Settings*, *General*, *VPN & Device Management*: open the profile whose name begins with Tabswarm and press *Remove Profile*.",
};

const android: Platform = {
  id: "android",
  title: "Android: Chrome, Edge, Samsung Internet",
  file: "tabswarm.crt",
  steps: [
    "Download the certificate. Keep it, if the browser asks.",
    "Open *Settings* and search for *CA certificate*. It lies under *Security*, *Encryption & credentials*, *Install a certificate*; names differ a little between makers.",
    "Press *CA certificate*. Android warns that your traffic could be read: this authority can sign for home networks only, see below. Press *Install anyway* and confirm with your PIN.",
    "Choose `tabswarm.crt` among the downloads, and open the browser again.",
  ],
  removal:
    "*Settings*: search for *User credentials* or *Trusted credentials*, open *User*, and remove the one whose name begins with Tabswarm.",
};

const linux: Platform = {
  id: "linux",
  title: "Linux and Chromebook: Chrome, Chromium, Edge",
  file: "tabswarm.crt",
  steps: [
    "Download the certificate. Keep it, if the browser asks.",
    "Open `chrome://certificate-manager`. Under *Installed by you*, choose *Trusted Certificates*, then *Import*, and take the file.",
    "Older versions: open `chrome://settings/certificates`, choose *Authorities*, *Import*, take the file, and tick *Trust this certificate for identifying websites*.",
    "Or in a terminal: `certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Tabswarm -i tabswarm.crt`, from the package libnss3-tools.",
    "Open the browser again.",
  ],
  removal:
    "In the same list, delete the one whose name begins with Tabswarm. In a terminal: `certutil -d sql:$HOME/.pki/nssdb -D -n Tabswarm`.",
};

const firefox: Platform = {
  id: "firefox",
  title: "Firefox on Linux, or where Firefox still warns",
  file: "tabswarm.crt",
  opensFile: true,
  steps: [
    "Press *Download the certificate* in Firefox. It offers to trust it: tick *Trust this CA to identify websites*, and it is done.",
    "If it saves the file instead, open *Settings*, *Privacy & Security*, *View Certificates*, *Authorities*, press *Import*, and take the file.",
    "Tick *Trust this CA to identify websites* and press *OK*.",
    "On Android: install the certificate as for Chrome. Then in Firefox open *Settings*, *About Firefox*, press the logo five times, go back, open *Secret Settings*, and switch on *Use third party CA certificates*.",
  ],
  removal:
    "*Settings*, *Privacy & Security*, *View Certificates*, *Authorities*: choose the one whose name begins with Tabswarm and press *Delete or Distrust*.",
};

export const platforms: readonly Platform[] = [windows, mac, apple, android, linux, firefox];

/** All of them, the one that sent this User-Agent header first. */
export function platformsFor(userAgent: string): readonly Platform[] {
  const likely = likeliest(userAgent);
  // An iPad says that it is a Mac.
  const next = likely === mac ? [mac, apple] : likely === firefox ? [firefox, linux] : [likely];
  return [...next, ...platforms.filter((platform) => !next.includes(platform))];
}

function likeliest(userAgent: string): Platform {
  if (/iPhone|iPad|iPod/.test(userAgent)) return apple;
  if (userAgent.includes("Android")) return android;
  if (userAgent.includes("Windows")) return windows;
  if (/Macintosh|Mac OS X/.test(userAgent)) return mac;
  return userAgent.includes("Firefox") ? firefox : linux;
}
