"""Writing a definition as TOML, checked as a whole, with the next times it would be due."""

from collections.abc import Sequence

from hub_config.errors import HubError
from hub_config.projects import Action
from hub_config.reports.database.errors import DatabaseUnreachableError
from hub_config.reports.definitions import Definition, DefinitionError, Problem, read_definition
from hub_config.reports.desk.errors import TemplateChangedError
from hub_config.reports.service.writing.problem_words import told_problems
from hub_config.reports.service.writing.writing_page import Writing, WritingPage

__all__ = ["TextForm"]


class TextForm(WritingPage):
    """The form of one field, which holds the whole definition."""

    def show_text(
        self,
        text: str,
        writing: Writing,
        *,
        problems: Sequence[Problem] = (),
        error: str = "",
        times: Sequence[str] | None = None,
    ) -> None:
        """Show the form.

        Parameters
        ----------
        text : str
            What is written.
        writing : Writing
            By whom it is edited.
        problems : sequence of Problem, optional
            What is wrong with it.
        error : str, optional
            What is wrong with the whole.
        times : sequence of str, optional
            The next times it would be due, once it was found to be good.
        """
        self.show(
            "edit.html",
            project=writing.project,
            text=text,
            name=writing.name,
            problems=told_problems(problems, self.texts),
            error=error,
            times=times,
            seen=writing.seen,
            may_approve=self.may(writing.project, Action.APPROVE),
        )

    def sent_text(self) -> str:
        """Give the text that was sent.

        Returns
        -------
        str
            With plain line ends.
        """
        return self.get_body_argument("text", "", strip=False).replace("\r\n", "\n")

    def take_text(self, writing: Writing) -> None:
        """Check what was sent, or save it.

        Parameters
        ----------
        writing : Writing
            By whom it is edited.
        """
        text = self.sent_text()
        try:
            self._take(self.read_sent(writing), writing, text=text)
        except DatabaseUnreachableError:
            raise
        except TemplateChangedError:
            self.set_status(409)
            self.show_text(text, self.newest(writing), error=self.texts["edited_meanwhile"])
        except DefinitionError as refused:
            self.set_status(422)
            self.show_text(text, writing, problems=refused.problems)
        except HubError as refused:
            self.show_text(text, writing, error=self.refuse(refused))

    def read_sent(self, writing: Writing) -> Definition:
        """Read the text that was sent.

        Parameters
        ----------
        writing : Writing
            By whom it is edited.

        Returns
        -------
        Definition
            Not yet checked against its project.

        Raises
        ------
        DefinitionError
            If it is none, or has another name than what is edited.
        """
        definition = read_definition(self.sent_text(), "toml")
        if writing.name is not None and definition.name != writing.name:
            raise DefinitionError(
                [Problem("name", "name-changed", "must stay what it is; make a new report for another")]
            )
        return definition

    def _take(self, definition: Definition, writing: Writing, *, text: str) -> None:
        wish = self.get_body_argument("do", "check")
        if wish == "check":
            draft = self.check(definition, writing)
            if draft.problems:
                raise DefinitionError(draft.problems)
            self.show_text(text, writing, times=self.due(definition, writing.project).times)
            return
        self.save(definition, writing, approve=wish == "approve")
        rest = "" if wish == "approve" else "/draft"
        self.redirect(self.address(writing.project.name, definition.name, rest=rest), status=303)
