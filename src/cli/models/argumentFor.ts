import { findCatalogueModel } from '../../catalogue/catalogue.ts';
import type { TransferView } from '../../protocol/models.ts';

/** What `models get` is to be told to go on with a download. */
export function argumentFor({ id, repository }: Pick<TransferView, 'id' | 'repository'>): string {
  return findCatalogueModel(id)?.repository === repository ? id : repository;
}
