/** Files that usually hold passwords and keys: they are read only when a person picks that very file. */
const SECRET =
  /(?:^|\/)(?:\.env(?:\.[^/]*)?|[^/]*\.(?:pem|key|p12|pfx|jks|keystore|kdbx)|id_(?:rsa|dsa|ecdsa|ed25519)|\.(?:netrc|npmrc|pypirc|git-credentials|htpasswd)|credentials(?:\.json)?|secrets?\.[^/]*)$|(?:^|\/)\.(?:ssh|aws|gnupg)\//iu;

export function isSecretFile(path: string): boolean {
  return SECRET.test(path);
}

/** A diff as git writes it, without those files. */
export function withoutSecretFiles(diff: string): string {
  return diff
    .split(/^(?=diff --git )/mu)
    .filter((part) => !isSecretFile(/^diff --git .* "?b\/(.*?)"?$/mu.exec(part)?.[1] ?? ''))
    .join('');
}
