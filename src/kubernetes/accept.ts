/** What is wanted of the API server's objects: name, labels and owners alone, without the rest of them. */
export function metadataAs(kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}
