"""An index in Milvus: a server, a cluster, or a file of Milvus Lite. Needs the extra ``footnote[milvus]``."""
