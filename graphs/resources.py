"""What an assistant runs on, opened from the settings: encoder, tools, model, threads."""

from functools import cached_property

from frontdesk.agents.decision import Decider
from frontdesk.db.ingest.embed import GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.db.ingest.retriever import Retriever, open_retriever
from frontdesk.graphs.memory import Memory
from frontdesk.graphs.parts import Parts
from frontdesk.graphs.service import model_in_service
from frontdesk.graphs.staff import StaffDoor
from frontdesk.tools.contact_lookup import Directory
from frontdesk.tools.read_page import PageReader
from frontdesk.tools.rerank import make_reranker
from frontdesk.tools.search import Searcher
from frontdesk.tools.toolbox import Toolbox


class Resources(Parts):
    """The parts of one organisation with an encoder and a model, each opened on first use."""

    @cached_property
    def encoder(self) -> GGUFEmbedder:
        """The encoder of questions."""
        return GGUFEmbedder(encoder_path(self.settings.data_dir))

    @cached_property
    def embedder(self) -> RememberingEmbedder:
        """The encoder, with the last questions' vectors kept."""
        return RememberingEmbedder(self.encoder)

    @cached_property
    def retriever(self) -> Retriever | None:
        """The encoder that chunks are found by, where one is set. Raises `StoreError`."""
        return open_retriever(self.settings.search.encoder, self.settings.data_dir)

    @cached_property
    def directory(self) -> Directory:
        """The directory, found by words and by meaning."""
        switchboard = self.settings.contacts.switchboard
        return Directory(self.store, self.embedder, switchboard=switchboard)

    @cached_property
    def staff_door(self) -> StaffDoor:
        """Who may see the directory's private rows."""
        return StaffDoor(self.settings.contacts)

    @cached_property
    def toolbox(self) -> Toolbox:
        """The four tools. Raises `StoreError`."""
        waits = self.waits if self.settings.wait_times.adapter else None
        return Toolbox(
            searcher=Searcher(
                self.store,
                self.embedder,
                self.settings.search,
                make_reranker(self.settings.search.reranker),
                self.retriever,
                places=waits.match if waits else None,
            ),
            directory=self.directory,
            embedder=self.embedder,
            scope=self.settings.organisation.scope,
            reader=PageReader(self.store, self.embedder, self.client, retriever=self.retriever),
            waits=waits,
        )

    @cached_property
    def decider(self) -> Decider:
        """The model. Raises `ModelError`."""
        from frontdesk.agents.deciders import open_decider

        settings = self.settings
        embed = self.embedder.embed
        model = model_in_service(settings.model, settings.data_dir, lambda: self.store)
        return open_decider(model, settings.organisation, settings.data_dir, embed)

    @cached_property
    def memory(self) -> Memory:
        """Where threads and feedback are kept. Raises `StoreError`."""
        return Memory(self.store)

    def close(self) -> None:
        """Close what was opened."""
        if "decider" in self.__dict__:
            close = getattr(self.decider, "close", None)
            if close is not None:
                close()
        if "encoder" in self.__dict__:
            self.encoder.close()
        if self.__dict__.get("retriever") is not None:
            self.__dict__["retriever"].close()
        super().close()
